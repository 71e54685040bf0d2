package durable_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/verify"
)

// serveREADME is the snippet of README.md: a test of the root module sees to it
// that it stays the same.
func serveREADME(ctx context.Context, mux *http.ServeMux, hook *verify.Endpoint, events event.Handler) error {
	store, err := embedded.Open(ctx, embedded.Config{Dir: "data", Config: durable.Config{Payloads: payloads}})
	if err != nil {
		return err
	}
	defer store.Close()
	mux.Handle("/webhooks/relock", hook.Handler(store)) // 200 only after the store has it
	return store.Run(ctx, events)                       // your callbacks
}

func TestREADME(t *testing.T) {
	t.Chdir(t.TempDir())
	hook, err := relock.New(relock.Config{Secrets: event.Secrets("a secret for tests")})
	require.NoError(t, err)
	got := newRecorder()
	ctx, cancel := context.WithCancel(t.Context())
	mux := http.NewServeMux()
	served := make(chan error, 1)
	go func() { served <- serveREADME(ctx, mux, hook, got) }()
	server := httptest.NewServer(mux)
	defer server.Close()

	send := func() int {
		r, err := relock.NewRequest(t.Context(), server.URL+"/webhooks/relock", "a secret for tests", &relock.SessionEnded{Reason: "logout"})
		require.NoError(t, err)
		res, err := server.Client().Do(r)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		return res.StatusCode
	}
	for deadline := time.Now().Add(patience); send() != http.StatusOK; { // 404 until the store is open
		require.True(t, time.Now().Before(deadline))
	}
	got.wait(t, 1)
	cancel()
	require.NoError(t, <-served)
	assert.Equal(t, "logout", got.events[0].Payload.(*relock.SessionEnded).Reason)
}
