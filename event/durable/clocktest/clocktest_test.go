package clocktest_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event/durable/clocktest"
)

// program prints its wall clock when it is told to, and how long it has run.
const program = `package main

import (
	"bufio"
	"fmt"
	"os"
	"time"
)

func main() {
	began := time.Now()
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		<-time.After(time.Millisecond) // the scheduler reads the clock too
		now := time.Now()
		fmt.Println(now.UnixNano(), int64(now.Sub(began)))
	}
}
`

func TestClock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte(program), 0o600))
	output := filepath.Join(dir, "program")
	clocktest.Build(t, dir, "build", output, "main.go")

	clock := clocktest.New(t)
	clock.Set(t, time.Hour)
	process := exec.CommandContext(t.Context(), output)
	process.Env = append(os.Environ(), clock.Env())
	in, err := process.StdinPipe()
	require.NoError(t, err)
	out, err := process.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, process.Start())
	began := time.Now()
	for _, ahead := range []time.Duration{time.Hour, -time.Hour, 0} {
		clock.Set(t, ahead)
		_, err := in.Write([]byte("\n"))
		require.NoError(t, err)
		var wall, ran int64
		_, err = fmt.Fscanln(out, &wall, &ran)
		require.NoError(t, err)
		assert.WithinDuration(t, time.Now().Add(ahead), time.Unix(0, wall), 10*time.Minute)
		assert.LessOrEqual(t, time.Duration(ran), time.Since(began), "the monotonic clock was stepped")
		assert.Positive(t, ran)
	}
	require.NoError(t, in.Close())
	require.NoError(t, process.Wait())
}
