package verify_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

// Tests that are named after a flaw of another receiver, which this one must not
// have. Others stand where their subject is tested.

// The handler in cbrgm/githubevents' README answers 200 to a request without a
// signature, and to one that is forged.
func TestREADME_githubevents_ForgedAnswered200(t *testing.T) {
	server := serve(t, verify.Config{}, event.HandlerFunc(func(context.Context, *event.Event) error { t.Error("called"); return nil }))
	for name, header := range map[string]string{"none": "", "forged": strings.Repeat("ab", 32)} {
		r := signed(t, server.URL, "{}")
		r.Header.Del(sigHeader)
		if header != "" {
			r.Header.Set(sigHeader, header)
		}
		res, err := server.Client().Do(r)
		require.NoError(t, err)
		res.Body.Close()
		assert.Equal(t, http.StatusUnauthorized, res.StatusCode, name)
	}
}

// Paddle's middleware answers a body of 3 MiB with 500 and an internal text;
// go-github read bodies without a bound until google/go-github#4125.
func TestIssue4125_goGithub_BodyWithoutBound(t *testing.T) {
	hook := newEndpoint(t, verify.Config{})
	w := httptest.NewRecorder()
	hook.Handler(event.NewMux()).ServeHTTP(w, signed(t, "http://localhost/", strings.Repeat(" ", 3<<20)))
	assert.Equal(t, http.StatusRequestEntityTooLarge, w.Code)
	assert.JSONEq(t, `{"error":"request body too large"}`, w.Body.String())
}

// Middleware in front of a handler consumed the raw bytes that a signature is
// over (stripe/stripe-node#341, adnanh/webhook#330).
func TestIssue341_stripeNode_RawBytesSurvive(t *testing.T) {
	body := "{ \"a\" : 1.0,\t\"b\":\"\\u00e9\" }\n"
	var raw []byte
	server := serve(t, verify.Config{}, event.HandlerFunc(func(_ context.Context, e *event.Event) error { raw = e.Raw; return nil }))
	res, err := server.Client().Do(signed(t, server.URL, body))
	require.NoError(t, err)
	res.Body.Close()
	assert.Equal(t, 200, res.StatusCode)
	assert.Equal(t, body, string(raw))
}

// cloudevents/sdk-go hung on requests that are not POST (#610) and wedged for
// good after clients had gone (#1224).
func TestIssue1224_cloudevents_ServesOnAfterClientsHaveGone(t *testing.T) {
	block := make(chan struct{})
	server := serve(t, verify.Config{}, event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
		<-block
		return nil
	}))
	for range 20 {
		ctx, cancel := context.WithCancel(context.Background())
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			if res, err := server.Client().Do(signed(t, server.URL, "{}").WithContext(ctx)); err == nil {
				res.Body.Close()
			}
		}()
		cancel()
		<-sent
	}
	close(block)
	for _, method := range []string{"GET", "OPTIONS", "POST"} {
		r := signed(t, server.URL, "{}")
		r.Method = method
		res, err := server.Client().Do(r)
		require.NoError(t, err)
		res.Body.Close()
		assert.Equal(t, method == "POST", res.StatusCode == 200)
	}
}

// The text of an error went to the sender (octokit's middleware, paddle,
// chargebee; hatchet-dev/hatchet#2996 asked not to).
func TestPR2996_hatchet_ReasonGoesToTheSender(t *testing.T) {
	const canary = "canary-of-an-error"
	hook := newEndpoint(t, verify.Config{})
	mux := event.NewMux()
	mux.Default(func(context.Context, *event.Event) error { panic(canary) })
	w := httptest.NewRecorder()
	hook.Handler(mux).ServeHTTP(w, signed(t, "http://localhost/", "{}"))
	assert.Equal(t, 500, w.Code)
	assert.NotContains(t, w.Body.String(), canary)
	for _, v := range w.Header() {
		assert.NotContains(t, strings.Join(v, " "), canary)
	}
}
