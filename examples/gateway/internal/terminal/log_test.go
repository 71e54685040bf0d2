package terminal

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/slogtest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/verify"
)

// logged returns what a record is on a terminal.
func logged(t *testing.T, color bool, level slog.Level, message string, attrs ...slog.Attr) string {
	t.Helper()
	var out bytes.Buffer
	r := slog.NewRecord(received, level, message, 0)
	r.AddAttrs(attrs...)
	require.NoError(t, NewLogHandler(&out, slog.LevelDebug, color).Handle(t.Context(), r))
	return out.String()
}

func TestLog(t *testing.T) {
	for _, c := range []struct {
		name string
		got  string
		want string
	}{
		{
			"information", logged(t, false, slog.LevelInfo, "listening", slog.String("addr", "127.0.0.1:8080")),
			"13:03:22 INFO        listening addr=127.0.0.1:8080\n",
		},
		{
			"in colour", logged(t, true, slog.LevelWarn, "refused", slog.String("addr", "127.0.0.1:8080")),
			"\x1b[2m13:03:22\x1b[0m \x1b[33mWARN\x1b[0m        refused \x1b[2maddr=\x1b[0m127.0.0.1:8080\n",
		},
		{
			"values", logged(t, false, slog.LevelError, "failed",
				slog.String("empty", ""), slog.String("words", `two "words"`), slog.String("pair", "a=b"), slog.Duration("took", 1500*time.Millisecond),
				slog.Time("at", received), slog.Any("error", errors.New("no such file")), slog.Any("nil", nil), slog.Any("secret", event.NewSecret("xyzzy"))),
			`13:03:22 ERROR       failed empty="" words="two \"words\"" pair="a=b" took=1.5s at=2026-03-04T13:03:22Z error="no such file" nil=<nil> secret=[redacted]` + "\n",
		},
		{
			"level between", logged(t, false, slog.LevelWarn+2, "x"),
			"13:03:22 WARN+2      x\n",
		},
		{
			"lines", logged(t, false, slog.LevelError, "panic\nin a callback", slog.String("stack", "goroutine 1\n\tmain.go:7\n"), slog.String("id", "7")),
			"13:03:22 ERROR       panic id=7\n" +
				"                     | in a callback\n" +
				"                     stack:\n" +
				"                     | goroutine 1\n" +
				"                     |     main.go:7\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) { assert.Equal(t, c.want, c.got) })
	}
}

// TestLogOfHostileText: no text of a record moves the cursor, colours anything, or looks
// like another record.
func TestLogOfHostileText(t *testing.T) {
	texts := append([]string{`\x1b[2J with a space`, "x\n13:03:22 ERROR       forged"}, hostile...)
	for _, text := range texts {
		text = text[:min(len(text), 200)]
		group := slog.Group(text, slog.String("key", text), slog.Any(text, errors.New(text)), slog.Any("bytes", []byte(text)), slog.Any("struct", struct{ A string }{text}))
		var with bytes.Buffer
		slog.New(NewLogHandler(&with, slog.LevelDebug, false)).WithGroup(text).With(text, text).Info(text, text, text)
		for _, got := range []string{
			logged(t, false, slog.LevelInfo, text), logged(t, false, slog.LevelInfo, "m", group), with.String(),
		} {
			require.True(t, utf8.ValidString(got))
			require.Equal(t, byte('\n'), got[len(got)-1])
			for i, line := range strings.Split(strings.TrimSuffix(got, "\n"), "\n") {
				require.Equal(t, i == 0, line[0] != ' ', "%q", got)
				require.Equal(t, -1, strings.IndexFunc(line, acts), "%q", got)
			}
		}
	}
}

// TestLogColorsNothingElse: each escape sequence of a record is one of ours.
func TestLogColorsNothingElse(t *testing.T) {
	for _, text := range []string{"\x1b[31m a", `\x1b[31m a`, "\u009b31m a"} {
		got := logged(t, true, slog.LevelInfo, text, slog.String(text, text), slog.String("lines", text+"\n"+text))
		for _, ours := range []string{"\x1b[2m", "\x1b[0m"} {
			got = strings.ReplaceAll(got, ours, "")
		}
		assert.NotContains(t, got, "\x1b")
		assert.NotContains(t, got, "\u009b")
	}
}

type panics struct{}

func (panics) String() string { panic("boom") }

func TestLogOfValuesThatPanic(t *testing.T) {
	assert.Contains(t, logged(t, false, slog.LevelInfo, "m", slog.Any("v", panics{})), "boom")
	assert.Contains(t, logged(t, false, slog.LevelInfo, "m", slog.Any("v", (*event.PanicError)(nil))), "v=<nil>")
}

func TestLogFollowsTheRulesOfSlog(t *testing.T) {
	var out bytes.Buffer
	slogtest.Run(t, func(*testing.T) slog.Handler {
		out.Reset()
		return NewLogHandler(&out, slog.LevelInfo, false)
	}, func(t *testing.T) map[string]any { return parseLog(t, out.String()) })
}

// parseLog returns the record of a line.
func parseLog(t *testing.T, line string) map[string]any {
	t.Helper()
	record := make(map[string]any)
	if at := strings.TrimSpace(line[:timeWidth]); at != "" {
		record[slog.TimeKey] = at
	}
	record[slog.LevelKey] = strings.TrimSpace(line[timeWidth+1 : timeWidth+1+vendorWidth])
	words := strings.Fields(line[timeWidth+1+vendorWidth+1:])
	record[slog.MessageKey] = words[0]
	for _, word := range words[1:] {
		path, value, ok := strings.Cut(word, "=")
		require.True(t, ok, line)
		groups := strings.Split(path, ".")
		last := len(groups) - 1
		into := record
		for _, group := range groups[:last] {
			if into[group] == nil {
				into[group] = make(map[string]any)
			}
			into = into[group].(map[string]any)
		}
		into[groups[last]] = value
	}
	return record
}

func TestLogBranchesAreIndependent(t *testing.T) {
	var out bytes.Buffer
	parent := slog.New(NewLogHandler(&out, slog.LevelInfo, false)).With("a", 1, "lines", strings.Repeat("x\n", 20), "end", "y\ny")
	first, second := parent.With("b", 2, "lines", "b\nb"), parent.With("c", 3, "lines", "c\nc")
	first.Info("first", "d", "d\nd")
	second.Info("second")
	parent.Info("parent")
	got := out.String()
	assert.Contains(t, got, "first a=1 b=2\n")
	assert.Contains(t, got, "second a=1 c=3\n")
	assert.Contains(t, got, "parent a=1\n")
	assert.Equal(t, 3*20, strings.Count(got, "| x\n"))
	assert.Equal(t, 2, strings.Count(got, "| b\n"))
	assert.Equal(t, 2, strings.Count(got, "| c\n"))
	assert.Equal(t, 2, strings.Count(got, "| d\n"))
}

// writes is what was written, one call each. Its calls must not overlap.
type writes struct{ all []string }

func (w *writes) Write(b []byte) (int, error) {
	w.all = append(w.all, string(b))
	return len(b), nil
}

func TestEachRecordIsOneWrite(t *testing.T) {
	w := new(writes)
	log := slog.New(NewLogHandler(w, slog.LevelInfo, true)).With("a", "b")
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { log.Error("message", "stack", "one\ntwo") })
	}
	all.Wait()
	require.Len(t, w.all, 20)
	for _, record := range w.all {
		assert.Equal(t, 4, strings.Count(record, "\n"))
	}
}

// TestSuccessesAreDebug sends requests to an endpoint, whose records these are.
func TestSuccessesAreDebug(t *testing.T) {
	for _, c := range []struct {
		name   string
		level  slog.Level
		secret string
		err    error
		want   string // "": nothing
	}{
		{"success", slog.LevelInfo, secret, nil, ""},
		{"success, debugging", slog.LevelDebug, secret, nil, "DEBUG       webhook endpoint=relock vendor=relock status=200 "},
		{"refusal", slog.LevelInfo, "another-secret-of-the-relock-tests-01234", nil, "WARN        webhook endpoint=relock vendor=relock status=401 "},
		{"failure", slog.LevelInfo, secret, errors.New("the disk is full"), "ERROR       webhook endpoint=relock vendor=relock status=500 "},
		{"panic", slog.LevelInfo, secret, errPanic, "ERROR       webhook endpoint=relock vendor=relock status=500 "},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			endpoint, err := relock.New(relock.Config{
				Secrets: event.Secrets(secret), Endpoint: verify.Config{Logger: slog.New(NewLogHandler(&out, c.level, false))},
			})
			require.NoError(t, err)
			r, err := relock.NewRequest(t.Context(), "http://gateway.example/", c.secret, &relock.SessionEnded{UserID: "u", Timestamp: received})
			require.NoError(t, err)
			r.RemoteAddr = "192.0.2.1:1"
			endpoint.Handler(event.HandlerFunc(func(context.Context, *event.Event) error {
				if c.err == errPanic {
					panic("boom")
				}
				return c.err
			})).ServeHTTP(httptest.NewRecorder(), r)
			got := out.String()
			if c.want == "" {
				assert.Empty(t, got)
				return
			}
			assert.Equal(t, c.want, got[len("13:03:22 "):len("13:03:22 ")+len(c.want)])
			assert.Equal(t, c.err == errPanic, strings.Contains(got, "\n                     stack:\n                     | goroutine "), got)
		})
	}
}

var errPanic = errors.New("panic")

func TestOtherRecordsStay(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(NewLogHandler(&out, slog.LevelInfo, false))
	log.Info("webhook", "status", http.StatusOK)
	assert.Empty(t, out.String())
	log.Info("webhook", "status", http.StatusOK, "suppressed", 7)
	log.Info("webhook", "status", http.StatusAccepted)
	log.Info("a webhook", "status", http.StatusOK)
	log.Warn("webhook", "status", http.StatusOK, "outside", true)
	assert.Equal(t, 4, strings.Count(out.String(), "\n"), out.String())
}
