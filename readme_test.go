package accesshook_test

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/verify"
)

// The Go snippets of README.md are compiled and run: the program at its beginning by
// TestREADMEProgram, the others where TestREADMESnippets looks for them.

const testSecret = "a secret for tests"

var goSnippet = regexp.MustCompile("(?s)```go\n(.*?)```")

func TestREADMEProgram(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	program := goSnippet.FindSubmatch(readme)[1]
	require.True(t, bytes.HasPrefix(program, []byte("package main\n")))

	address := freeAddress(t)
	require.Equal(t, 1, bytes.Count(program, []byte(`"127.0.0.1:8080"`)))
	program = bytes.ReplaceAll(program, []byte("127.0.0.1:8080"), []byte(address))
	dir := t.TempDir()
	source, binary := filepath.Join(dir, "main.go"), filepath.Join(dir, "receiver")
	require.NoError(t, os.WriteFile(source, program, 0o600))
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, source).CombinedOutput()
	require.NoError(t, err, "%s", out)

	out, err = exec.CommandContext(t.Context(), binary).CombinedOutput()
	require.Error(t, err, "without a secret it must not start")
	assert.Contains(t, string(out), "relock: Config.Secrets[0] is empty")

	var log bytes.Buffer
	running := exec.CommandContext(t.Context(), binary)
	running.Env = append(os.Environ(), "RELOCK_SECRETS="+testSecret+",the secret before that")
	running.Stderr = &log
	require.NoError(t, running.Start())
	stop := sync.OnceFunc(func() {
		_ = running.Process.Kill()
		_ = running.Wait() // also for all of the log
	})
	t.Cleanup(stop)
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return false
		}
		return conn.Close() == nil
	}, time.Minute, 10*time.Millisecond, "it does not listen")

	url := "http://" + address + "/webhooks/relock"
	body := regexp.MustCompile(`(?m)^body='(.*)'$`).FindSubmatch(readme)[1]
	for _, payload := range []any{body, &relock.SecurityAlert{UserID: "ada", Description: "new country"}} {
		r, err := relock.NewRequest(t.Context(), url, testSecret, payload)
		require.NoError(t, err)
		res, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		res.Body.Close()
		assert.Equal(t, http.StatusOK, res.StatusCode)
	}
	stop()
	logs := regexp.MustCompile("Your callback logs `(.*?)`").FindSubmatch(readme)[1]
	assert.Contains(t, log.String(), string(logs))
	assert.Contains(t, log.String(), `high alert for user "ada": "new country"`)
}

func freeAddress(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

func inProduction(secrets []event.Secret) (*verify.Endpoint, error) {
	dedupe := event.Dedupe(event.DedupeConfig{})
	hook, err := relock.New(relock.Config{
		Secrets: secrets,
		Endpoint: verify.Config{ // the same for every vendor
			ClientIP:  verify.XForwardedFor("10.0.0.0/8"), // the proxies in front; leave it out if there are none
			RateLimit: verify.RateLimit{Requests: 100},    // failures of one client in 15 minutes
			Wrap:      []func(event.Handler) event.Handler{dedupe},
		},
	})
	return hook, err
}

func TestREADMEInProduction(t *testing.T) {
	hook, err := inProduction(event.Secrets(testSecret))
	require.NoError(t, err)
	calls := 0
	mux := http.NewServeMux()
	mux.Handle("/webhooks/relock", hook.Handler(event.HandlerFunc(func(context.Context, *event.Event) error {
		calls++
		return nil
	})))
	for range 3 {
		assert.Equal(t, http.StatusOK, testYourHandler(t, mux))
	}
	assert.Equal(t, 1, calls)
}

func TestREADMEQueue(t *testing.T) {
	hook, err := relock.New(relock.Config{Secrets: event.Secrets(testSecret)})
	require.NoError(t, err)
	dedupe := event.Dedupe(event.DedupeConfig{})
	calls := 0
	events := event.HandlerFunc(func(context.Context, *event.Event) error {
		calls++
		return nil
	})
	mux := http.NewServeMux()

	queue := event.NewQueue(event.Retry(event.RetryConfig{})(dedupe(events)), event.QueueConfig{})
	mux.Handle("/webhooks/relock", hook.Handler(queue)) // at the end: http.Server.Shutdown, then queue.Shutdown

	for range 3 {
		assert.Equal(t, http.StatusOK, testYourHandler(t, mux))
	}
	left, err := queue.Shutdown(t.Context())
	require.NoError(t, err)
	assert.Empty(t, left)
	assert.Equal(t, 1, calls)

	inWrap, err := inProduction(event.Secrets(testSecret))
	require.NoError(t, err)
	assert.Panics(t, func() { inWrap.Handler(queue) }, "Dedupe is taken out of Wrap then")
}

// testYourHandler sends an alert to mux and returns the status.
func testYourHandler(t *testing.T, mux *http.ServeMux) int {
	t.Helper()
	var status int
	send := func(ctx context.Context) error {
		r, err := relock.NewRequest(ctx, "/webhooks/relock", "a secret for tests", &relock.SecurityAlert{
			AlertType: "suspicious_activity",
			Severity:  "high",
		})
		if err != nil {
			return err
		}
		r.RemoteAddr = "192.0.2.1:1234" // only AllowFrom and EveryRequest need it
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		status = w.Code
		return nil
	}
	require.NoError(t, send(t.Context()))
	return status
}

// README.md says what a request that did not come from a network needs.
func TestREADMERecorder(t *testing.T) {
	hook, err := relock.New(relock.Config{
		Secrets:  event.Secrets(testSecret),
		Endpoint: verify.Config{AllowFrom: []string{"198.51.100.7"}, ClientIP: verify.XForwardedFor("192.0.2.1")},
	})
	require.NoError(t, err)
	handler := hook.Handler(event.NewMux())
	answer := func(change func(r *http.Request)) int {
		r, err := relock.NewRequest(t.Context(), "/webhooks/relock", testSecret, &relock.SecurityAlert{})
		require.NoError(t, err)
		change(r)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Code
	}
	assert.Equal(t, 403, answer(func(*http.Request) {}))
	assert.Equal(t, 403, answer(func(r *http.Request) { r.RemoteAddr = "192.0.2.1:1234" }))
	assert.Equal(t, 200, answer(func(r *http.Request) {
		r.RemoteAddr = "192.0.2.1:1234"
		r.Header.Set("X-Forwarded-For", "198.51.100.7")
	}))
}

func TestREADMESnippets(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	var code string
	for _, name := range []string{"readme_test.go", "example_feed_a_siem_test.go", "verify/example_own_vendor_test.go", "event/durable/readme_test.go"} {
		source, err := os.ReadFile(name)
		require.NoError(t, err)
		code += flat(string(source))
	}
	snippets := goSnippet.FindAllSubmatch(readme, -1)
	require.Len(t, snippets, 8)
	for _, s := range snippets[1:] {
		assert.True(t, strings.Contains(code, flat(string(s[1]))), "a snippet that is not compiled:\n%s", s[1])
	}
	for _, command := range []string{"go run ./examples/gateway -demo", "go test work"} {
		assert.Contains(t, string(readme), "\n"+command+"\n")
	}
	for _, link := range regexp.MustCompile(`\]\(([^):#]+)\)`).FindAllSubmatch(readme, -1) {
		_, err := os.Stat(string(link[1]))
		assert.NoError(t, err)
	}
}

// flat is text without indentation.
func flat(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.Join(lines, "\n")
}
