package unloc_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/verify"
)

// serve starts a real server whose events come out of the channel.
func serve(t *testing.T, credentials ...verify.Credential) (url string, received <-chan *event.Event) {
	t.Helper()
	events := make(chan *event.Event, 16)
	server := httptest.NewServer(newHook(t, credentials...).Handler(event.HandlerFunc(func(_ context.Context, e *event.Event) error {
		events <- e
		return nil
	})))
	t.Cleanup(server.Close)
	return server.URL + "/webhooks/unloc", events
}

func send(t *testing.T, r *http.Request) (status int, header http.Header, body string) {
	t.Helper()
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer.StatusCode, answer.Header, string(b)
}

func TestNewRequestIsAccepted(t *testing.T) {
	url, received := serve(t, verify.NewCredential("doors", "s3cr3t"), verify.NewCredential("doors", "n3xt"))
	_, p := decode(t, unlocked)
	for name, payload := range map[string]any{"bytes": []byte(unlocked), "pointer": p, "value": *p, "raw": json.RawMessage(unlocked)} {
		for _, password := range []string{"s3cr3t", "n3xt"} {
			t.Run(name+", "+password, func(t *testing.T) {
				r, err := unloc.NewRequest(t.Context(), url, "doors", password, payload)
				require.NoError(t, err)
				assert.Equal(t, "application/json", r.Header.Get("Content-Type"))
				status, _, answer := send(t, r)
				assert.Equal(t, http.StatusOK, status)
				assert.JSONEq(t, `{"received":true}`, answer)
				e := <-received
				assert.Equal(t, unlocked, string(e.Raw))
				assert.Empty(t, cmp.Diff(p, e.Payload))
			})
		}
	}
}

func TestNewRequestRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		url, user, password string
		payload             any
	}{
		"empty user":            {"https://hooks.example", "", "s3cr3t", unloc.AccessEvent{}},
		"colon in user":         {"https://hooks.example", "do:ors", "s3cr3t", unloc.AccessEvent{}},
		"empty password":        {"https://hooks.example", "doors", "", unloc.AccessEvent{}},
		"not a URL":             {"https://hooks.example:port", "doors", "s3cr3t", unloc.AccessEvent{}},
		"a nil pointer":         {"https://hooks.example", "doors", "s3cr3t", (*unloc.AccessEvent)(nil)},
		"an event":              {"https://hooks.example", "doors", "s3cr3t", &event.Event{Payload: new(unloc.AccessEvent)}},
		"a map":                 {"https://hooks.example", "doors", "s3cr3t", map[string]any{"action": "unlocked"}},
		"text":                  {"https://hooks.example", "doors", "s3cr3t", `{"action":"unlocked"}`},
		"cannot be encoded":     {"https://hooks.example", "doors", "s3cr3t", make(chan int)},
		"a payload with a func": {"https://hooks.example", "doors", "s3cr3t", struct{ F func() }{}},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := unloc.NewRequest(t.Context(), test.url, test.user, test.password, test.payload)
			require.Error(t, err)
			assert.Nil(t, r)
			assert.NotContains(t, err.Error(), "s3cr3t")
		})
	}
}

func TestUnauthorized(t *testing.T) {
	url, received := serve(t, verify.NewCredential("doors", "s3cr3t"))
	for name, change := range map[string]func(h http.Header, r *http.Request){
		"no header":         func(h http.Header, _ *http.Request) { h.Del("Authorization") },
		"wrong password":    func(_ http.Header, r *http.Request) { r.SetBasicAuth("doors", "S3cr3t") },
		"wrong user":        func(_ http.Header, r *http.Request) { r.SetBasicAuth("Doors", "s3cr3t") },
		"swapped":           func(_ http.Header, r *http.Request) { r.SetBasicAuth("s3cr3t", "doors") },
		"no password":       func(_ http.Header, r *http.Request) { r.SetBasicAuth("doors", "") },
		"nothing in it":     func(_ http.Header, r *http.Request) { r.SetBasicAuth("", "") },
		"password and more": func(_ http.Header, r *http.Request) { r.SetBasicAuth("doors", "s3cr3t ") },
		"not base64":        func(h http.Header, _ *http.Request) { h.Set("Authorization", "Basic doors:s3cr3t") },
		"bearer":            func(h http.Header, _ *http.Request) { h.Set("Authorization", "Bearer s3cr3t") },
		"header doubled": func(h http.Header, _ *http.Request) {
			h["Authorization"] = append(h["Authorization"], h["Authorization"][0])
		},
		"second header": func(h http.Header, _ *http.Request) {
			h["Authorization"] = append(h["Authorization"], "Basic bm9ib2R5Om5vdGhpbmc=")
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := unloc.NewRequest(t.Context(), url, "doors", "s3cr3t", []byte(unlocked))
			require.NoError(t, err)
			change(r.Header, r)
			status, header, answer := send(t, r)
			assert.Equal(t, http.StatusUnauthorized, status)
			assert.Regexp(t, `^Basic realm=`, header.Get("WWW-Authenticate"))
			assert.JSONEq(t, `{"error":"unauthorized"}`, answer)
		})
	}
	assert.Empty(t, received)
}

// An action that is new, and drift, are no errors to Unloc. What is no JSON object is
// one, and reaches the handler as the body alone.
func TestAnswers(t *testing.T) {
	url, received := serve(t, verify.NewCredential("doors", "s3cr3t"))
	for name, test := range map[string]struct {
		body   string
		status int
	}{
		"unknown action": {with(t, "action", `"jammed"`), http.StatusOK},
		"drift":          {with(t, "created", `{}`), http.StatusOK},
		"nothing known":  {`{}`, http.StatusOK},
		"not an object":  {`[]`, http.StatusBadRequest},
		"array of them":  {`[` + unlocked + `]`, http.StatusBadRequest},
		"not JSON":       {`{"id"`, http.StatusBadRequest},
		"NaN":            {`{"id":"a","battery":NaN}`, http.StatusBadRequest},
		"form data":      {`action=locked&id=a`, http.StatusBadRequest},
		"nested deep":    {`{"a":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`, http.StatusBadRequest},
		"empty":          {``, http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := unloc.NewRequest(t.Context(), url, "doors", "s3cr3t", []byte(test.body))
			require.NoError(t, err)
			status, _, _ := send(t, r)
			require.Equal(t, test.status, status)
			e := <-received
			assert.False(t, e.Time.IsZero())
			assert.Equal(t, test.body, string(e.Raw))
			assert.Equal(t, status == http.StatusOK, e.Payload != nil)
		})
	}
	assert.Empty(t, received)
}

// The header of the example on Unloc's page, whose password has two o.
func TestHeaderOfThePage(t *testing.T) {
	url, received := serve(t, verify.NewCredential("myuser", "mypasswoord"))
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, body(unlocked))
	require.NoError(t, err)
	r.Header.Set("Authorization", "Basic bXl1c2VyOm15cGFzc3dvb3Jk")
	status, _, _ := send(t, r)
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, event.LockUnlocked, (<-received).Type)
}

func TestCurl(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip("there is no curl here")
	}
	require.NoError(t, err)
	url, received := serve(t, verify.NewCredential("doors", "s3cr3t"))
	withUser := strings.Replace(url, "http://", "http://doors:s3cr3t@", 1)
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"-u":               {[]string{"-u", "doors:s3cr3t", url}, "200"},
		"user in the URL":  {[]string{withUser}, "200"},
		"-u, wrong":        {[]string{"-u", "doors:s3cr3t2", url}, "401"},
		"nothing":          {[]string{url}, "401"},
		"two headers":      {[]string{"-H", "Authorization: Basic ZG9vcnM6czNjcjN0", "-H", "Authorization: Basic ZG9vcnM6czNjcjN0", url}, "401"},
		"one header":       {[]string{"-H", "Authorization: Basic ZG9vcnM6czNjcjN0", url}, "200"},
		"lower-case basic": {[]string{"-H", "authorization: basic ZG9vcnM6czNjcjN0", url}, "200"},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{
				"-q", "--silent", "--show-error", "--noproxy", "*", "--max-time", "20",
				"--output", "-", "--write-out", "\n%{http_code}", "-H", "Content-Type: application/json", "--data-binary", unlocked,
			}, test.args...)
			out, err := exec.CommandContext(t.Context(), curl, args...).CombinedOutput()
			require.NoError(t, err, "%s", out)
			assert.True(t, strings.HasSuffix(string(out), "\n"+test.want), "%s", out)
			if test.want == "200" {
				assert.Equal(t, unlocked, string((<-received).Raw))
			}
		})
	}
	assert.Empty(t, received)
}
