package terminal_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/accesshook/accesshook/examples/gateway/internal/terminal"
)

// Where no terminal is, a line comes every five seconds, and one at the end.
func TestProgressLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b strings.Builder
		p := terminal.NewProgress(&b)
		for n := range 12 {
			time.Sleep(time.Second)
			p.Update(fmt.Sprint(n + 1))
		}
		p.Done("all")
		assert.Equal(t, "5\n10\nall\n", b.String())
	})
}

func TestThousands(t *testing.T) {
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 123456: "123,456", 1<<64 - 1: "18,446,744,073,709,551,615"} {
		assert.Equal(t, want, terminal.Thousands(n))
	}
}
