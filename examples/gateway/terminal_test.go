//go:build unix

package main_test

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
	"github.com/accesshook/accesshook/examples/gateway/internal/terminal/ptytest"
)

var summary = regexp.MustCompile(`\nall +61 +9 +1\n`)

// runDemo runs the demo on a terminal until its summary, and returns what it has shown.
func runDemo(t *testing.T, columns int, env ...string) string {
	t.Helper()
	cmd := gatewaytest.Command(context.WithoutCancel(t.Context()), append(env, "TZ=UTC"), "-demo", "-demo-fast", "-addr", "127.0.0.1:0")
	term := ptytest.Run(t, cmd, columns)
	term.WaitFor(summary.MatchString)
	term.Type("\x03")
	require.NoError(t, term.Wait())
	return term.Output()
}

// eventLines returns the lines of events without their colours.
func eventLines(t *testing.T, output string) (lines []string) {
	t.Helper()
	event := regexp.MustCompile(`^\d\d:\d\d:\d\d (userlock|unloc|relock|loginradius) `)
	for _, line := range strings.Split(colours.ReplaceAllString(output, ""), "\n") {
		if event.MatchString(line) {
			lines = append(lines, line)
		}
	}
	return lines
}

var colours = regexp.MustCompile("\x1b\\[[0-9;]*m")

// On a terminal the demo is read by people: three lines that say what to do, a short line
// for each event in columns that stay where they are, and a summary.
func TestDemoOnATerminal(t *testing.T) {
	for _, columns := range []int{80, 120} {
		output := runDemo(t, columns, "TERM=xterm-256color")
		assert.Regexp(t, `^Live page: +http://127\.0\.0\.1:\d+/\nYour own event: +curl .*\nStop: +Ctrl-C\n`, output)
		assert.Contains(t, output, "\x1b[", "it has colours")
		assert.NotContains(t, output, "specversion")
		assert.NotContains(t, output, "msg=")
		lines := eventLines(t, output)
		require.Len(t, lines, 61)
		outcome := regexp.MustCompile(` (ok|FAILED|ALERT)\b`)
		at := -1
		for _, line := range lines {
			assert.Less(t, runewidth.StringWidth(line), columns, line)
			found := outcome.FindStringIndex(line)
			require.NotNil(t, found, line)
			if start := runewidth.StringWidth(line[:found[0]]); at < 0 {
				at = start
			} else {
				assert.Equal(t, at, start, line)
			}
		}
	}
}

func TestNoColor(t *testing.T) {
	for _, env := range [][]string{{"TERM=xterm", "NO_COLOR=1"}, {"TERM=dumb"}, nil} {
		output := runDemo(t, 100, env...)
		assert.NotContains(t, output, "\x1b", "%v", env)
		assert.Len(t, eventLines(t, output), 61)
	}
}

// A line fits the terminal as it is when the line is written.
func TestResizedTerminal(t *testing.T) {
	p := gatewaytest.New(t, gatewaytest.WithRelock)
	p.Cmd.Stdout, p.Cmd.Env = nil, append(p.Cmd.Env, "TERM=dumb")
	term := ptytest.Run(t, p.Cmd, 120)
	p.Eventually("it did not say where it listens", func() bool { return strings.Contains(p.Stderr.String(), "msg=listening") })
	p.URL = "http://" + regexp.MustCompile(`msg=listening addr=(\S+)`).FindStringSubmatch(p.Stderr.String())[1]
	long := strings.Repeat("long ", 100)
	widths := func(n int) (widths []int) {
		term.WaitFor(func(output string) bool { return strings.Count(output, "\n") == n })
		for line := range strings.Lines(term.Output()) {
			widths = append(widths, runewidth.StringWidth(strings.TrimSpace(line)))
		}
		return widths
	}
	p.Accept(long + "1")
	wide := widths(1)
	term.Resize(60)
	p.Accept(long + "2")
	both := widths(2)
	assert.Greater(t, wide[0], 100)
	assert.Less(t, wide[0], 120)
	assert.Less(t, both[1], 60)
}

// In a pipe all stays JSON, and -format chooses.
func TestFormat(t *testing.T) {
	p := gatewaytest.Start(t, gatewaytest.WithRelock, "-format", "text")
	p.Accept("an alert")
	p.Stop()
	assert.Contains(t, p.Stdout.String(), "ALERT")
	assert.NotContains(t, p.Stdout.String(), "{")

	p = gatewaytest.New(t, gatewaytest.WithRelock, "-format", "cloudevents")
	p.Cmd.Stdout = nil
	term := ptytest.Run(t, p.Cmd, 80)
	p.Eventually("it did not say where it listens", func() bool { return strings.Contains(p.Stderr.String(), "msg=listening") })
	p.URL = "http://" + regexp.MustCompile(`msg=listening addr=(\S+)`).FindStringSubmatch(p.Stderr.String())[1]
	p.Accept("an alert")
	term.WaitFor(func(output string) bool { return strings.Contains(output, `"specversion":"1.0"`) })
}

// The progress is one line on a terminal.
func TestProgressOnATerminal(t *testing.T) {
	dir := t.TempDir()
	gatewaytest.StartWithDead(t, dir, gatewaytest.WithRelock, []string{"s-1", "s-2"}).Stop()
	term := ptytest.Run(t, gatewaytest.Command(context.WithoutCancel(t.Context()), nil, "dead", "drop", "-data", dir, "-all"), 80)
	require.NoError(t, term.Wait())
	assert.Regexp(t, `^(\rdropped 1 of 2\x1b\[K)?(\rdropped 2 of 2\x1b\[K)+\n$`, term.Output())
}

// The list of dead letters is a table on a terminal.
func TestDeadLettersOnATerminal(t *testing.T) {
	dir := t.TempDir()
	gatewaytest.StartWithDead(t, dir, gatewaytest.WithRelock, []string{"a", "b"}).Stop()
	for _, columns := range []int{80, 120} {
		cmd := gatewaytest.Command(t.Context(), []string{"TERM=xterm"}, "dead", "list", "-data", dir)
		term := ptytest.Run(t, cmd, columns)
		require.NoError(t, term.Wait())
		lines := strings.Split(strings.TrimSpace(term.Output()), "\n")
		require.Len(t, lines, 3)
		assert.Regexp(t, `^NUMBER  LAST TRY +VENDOR +TYPE +TRIES +ERROR$`, lines[0])
		assert.Regexp(t, `^ +1  \d{4}-\d\d-\d\d \d\d:\d\d  relock  session\.ended +1  \S`, lines[1])
		for _, line := range lines {
			assert.LessOrEqual(t, runewidth.StringWidth(line), columns)
		}
	}
	cmd := gatewaytest.Command(t.Context(), nil, "dead", "list", "-data", t.TempDir())
	term := ptytest.Run(t, cmd, 80)
	require.Error(t, term.Wait())
	assert.Contains(t, term.Output(), "there is no store in")
}
