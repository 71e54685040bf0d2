//go:build unix

package terminal

import (
	"bufio"
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/examples/gateway/internal/terminal/ptytest"
)

// variable makes the test binary a program for a terminal.
const variable = "ACCESSHOOK_TERMINAL_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(variable) == "" {
		os.Exit(m.Run())
	}
	program()
}

// program writes an event for each line that is typed, and a record at first.
func program() {
	level := slog.LevelInfo
	log := slog.New(NewLogHandler(os.Stderr, level, Color(os.Stderr, os.LookupEnv)))
	log.Info("started", "terminal", IsTerminal(os.Stdout), "columns", Width(os.Stdout))
	enc := NewEncoder(os.Stdout, os.LookupEnv)
	e := fullEvent()
	e.Reason = strings.Repeat("long ", 40)
	in := bufio.NewScanner(os.Stdin)
	for more := true; more && in.Text() != "stop"; more = in.Scan() {
		line, err := enc.AppendEvent(nil, e)
		if err != nil {
			panic(err)
		}
		_, _ = os.Stdout.Write(line)
	}
}

// start starts the program with variables, on a terminal.
func start(t *testing.T, columns int, stdout *bytes.Buffer, env ...string) *ptytest.Terminal {
	t.Helper()
	program, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(program)
	cmd.Env = append([]string{variable + "=1", "TERM=xterm", "TZ=UTC", "GORACE=atexit_sleep_ms=0"}, env...)
	if stdout != nil {
		cmd.Stdout = stdout
	}
	return ptytest.Run(t, cmd, columns)
}

func eventLines(output string) []string {
	var lines []string
	for line := range strings.Lines(output) {
		if strings.Contains(line, "logon refused") {
			lines = append(lines, strings.TrimSuffix(line, "\n"))
		}
	}
	return lines
}

func hasLines(n int) func(string) bool {
	return func(output string) bool {
		return strings.HasSuffix(output, "\n") && len(eventLines(output)) >= n
	}
}

func TestOnATerminal(t *testing.T) {
	for width, want := range map[int]string{
		80:  `13:03:22 relock      logon refused    D\ada          desk 192.0.2.1 NO   FAILED`,
		120: `13:03:22 relock      logon refused     D\ada             desk                192.0.2.1 NO        FAILED long long long…`,
	} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			term := start(t, width, nil, "NO_COLOR=1")
			term.WaitFor(hasLines(1))
			term.Type("stop\n")
			require.NoError(t, term.Wait())
			assert.Equal(t, []string{want}, eventLines(term.Output()))
			assert.Contains(t, term.Output(), fmt.Sprintf("INFO        started terminal=true columns=%d\n", width))
		})
	}
}

func TestColorOnATerminal(t *testing.T) {
	for _, c := range []struct {
		name string
		env  []string
		want bool
	}{
		{"by default", nil, true},
		{"NO_COLOR", []string{"NO_COLOR=1"}, false},
		{"any NO_COLOR", []string{"NO_COLOR=false"}, false},
		{"an empty NO_COLOR counts as none", []string{"NO_COLOR="}, true},
		{"dumb", []string{"TERM=dumb"}, false},
		{"no TERM", []string{"TERM="}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			term := start(t, 80, nil, c.env...)
			term.WaitFor(hasLines(1))
			term.Type("stop\n")
			require.NoError(t, term.Wait())
			assert.Equal(t, c.want, strings.Contains(term.Output(), "\x1b[33mlogon refused\x1b[0m"), term.Output())
			assert.Equal(t, c.want, strings.Contains(term.Output(), "\x1b[2mterminal=\x1b[0mtrue"), term.Output())
			assert.Equal(t, c.want, strings.Contains(term.Output(), "\x1b"), term.Output())
		})
	}
}

func TestResize(t *testing.T) {
	term := start(t, 80, nil, "TERM=dumb")
	term.WaitFor(hasLines(1))
	term.Resize(120)
	term.Type("\n")
	term.WaitFor(hasLines(2))
	term.Resize(40)
	term.Type("\n")
	term.WaitFor(hasLines(3))
	term.Type("stop\n")
	require.NoError(t, term.Wait())
	assert.Equal(t, []string{
		`13:03:22 relock      logon refused    D\ada          desk 192.0.2.1 NO   FAILED`,
		`13:03:22 relock      logon refused     D\ada             desk                192.0.2.1 NO        FAILED long long long…`,
		`13:03:22 logon refused  D\ada    FAILED`,
	}, eventLines(term.Output()))
}

func TestTerminalThatDoesNotTellItsWidth(t *testing.T) {
	term := start(t, 0, nil, "TERM=dumb")
	term.WaitFor(hasLines(1))
	term.Type("stop\n")
	require.NoError(t, term.Wait())
	assert.Contains(t, term.Output(), "started terminal=true columns=80\n")
	assert.Equal(t, []string{`13:03:22 relock      logon refused    D\ada          desk 192.0.2.1 NO   FAILED`}, eventLines(term.Output()))
}

// TestInAPipe: standard error is a terminal, standard output is none.
func TestInAPipe(t *testing.T) {
	var stdout bytes.Buffer
	term := start(t, 80, &stdout)
	term.Type("stop\n")
	require.NoError(t, term.Wait())
	assert.Contains(t, term.Output(), "\x1b[2mterminal=\x1b[0mfalse")
	assert.NotContains(t, stdout.String(), "\x1b")
	assert.Equal(t, []string{
		`13:03:22 relock      logon refused     D\ada             desk                192.0.2.1 NO        FAILED long long long…`,
	}, eventLines(stdout.String()))
}

func TestWhatIsNoTerminal(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "")
	require.NoError(t, err)
	defer file.Close()
	closed, err := os.CreateTemp(t.TempDir(), "")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	xterm := func(name string) (string, bool) { return "xterm", name == "TERM" }
	for _, w := range []interface{ Write([]byte) (int, error) }{new(bytes.Buffer), file, closed} {
		assert.False(t, IsTerminal(w))
		assert.False(t, Color(w, xterm))
		assert.Equal(t, 120, Width(w))
	}
	line, err := NewEncoder(file, xterm).AppendEvent([]byte("before "), &event.Event{Vendor: "unloc"})
	require.NoError(t, err)
	assert.True(t, bytes.HasPrefix(line, []byte("before ")))
	written, err := os.ReadFile(file.Name())
	require.NoError(t, err)
	assert.Empty(t, written, "AppendEvent only appends")
}
