package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
)

const demoEvents = 20 + 3 + 7 + 31

// The demo is killed when it has sent everything. Events that it has not printed by then
// are printed after the next start.
func TestDemoSurvivesAKill(t *testing.T) {
	for name, test := range map[string]struct {
		env  []string
		args []string
		want int
	}{
		"as the demo again":    {nil, []string{"-demo", "-demo-fast"}, 2 * demoEvents}, // which has sent as many others
		"as an ordinary start": {gatewaytest.WithRelock, nil, demoEvents},
	} {
		for _, blocked := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, blocked %t", name, blocked), func(t *testing.T) {
				t.Parallel() // all but waits for the lease of what was in work
				dir, output := t.TempDir(), filepath.Join(t.TempDir(), "out")
				stdout, err := os.Create(output)
				require.NoError(t, err)
				t.Cleanup(func() { _ = stdout.Close() })
				p := gatewaytest.New(t, nil, "-demo", "-demo-fast", "-data", dir)
				p.Cmd.Stdout = stdout
				if blocked {
					p.Cmd.Stdout = gatewaytest.FullPipe(t)
				}
				p.Start()
				t.Cleanup(p.Kill)
				untilDemoIsDone(p)
				p.Kill()

				text, err := os.ReadFile(output)
				require.NoError(t, err)
				if blocked {
					require.Empty(t, text)
				}
				ids := make(map[string]bool)
				for _, e := range gatewaytest.Decode(t, wholeLines(string(text))) {
					ids[e.Vendor+e.ID] = true
				}

				p = gatewaytest.Start(t, test.env, append(test.args, "-data", dir)...)
				if test.args != nil {
					untilDemoIsDone(p)
				}
				p.Eventually("not all is printed", func() bool {
					for _, e := range gatewaytest.Decode(t, wholeLines(p.Stdout.String())) {
						ids[e.Vendor+e.ID] = true
					}
					return len(ids) >= test.want
				})
				p.Stop()
				for _, e := range p.Events() {
					ids[e.Vendor+e.ID] = true
				}
				assert.Len(t, ids, test.want)
			})
		}
	}
}

func untilDemoIsDone(p *gatewaytest.Process) {
	p.T.Helper()
	p.Eventually("the demo did not finish", func() bool {
		return strings.Contains(p.Stderr.String(), "demo: every event was sent and accepted")
	})
}

// wholeLines returns text without a partial line at its end, which a kill may have left,
// or which is being written.
func wholeLines(text string) string { return text[:strings.LastIndexByte(text, '\n')+1] }
