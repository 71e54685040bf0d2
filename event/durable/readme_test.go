package durable_test

import (
	"context"
	"net"
	"net/http"
	"testing"

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
func serveREADME(ctx context.Context, server *http.Server, mux *http.ServeMux, hook *verify.Endpoint, events event.Handler) error {
	store, err := embedded.Open(ctx, embedded.Config{Dir: "data", Config: durable.Config{Payloads: payloads}})
	if err != nil {
		return err
	}
	mux.Handle("/webhooks/relock", hook.Handler(store)) // 200 only after the store has it
	return durable.Serve(ctx, server, store, events)    // server has mux as its Handler, events are your callbacks
}

func TestREADME(t *testing.T) {
	t.Chdir(t.TempDir())
	hook, err := relock.New(relock.Config{Secrets: event.Secrets(secret)})
	require.NoError(t, err)
	got := newRecorder()
	ctx, cancel := context.WithCancel(t.Context())
	mux := http.NewServeMux()
	listening := make(chan string, 1)
	server := &http.Server{Addr: "127.0.0.1:0", Handler: mux, BaseContext: func(l net.Listener) context.Context {
		listening <- "http://" + l.Addr().String()
		return context.Background()
	}}
	served := make(chan error, 1)
	go func() { served <- serveREADME(ctx, server, mux, hook, got) }()

	status, err := send(t.Context(), http.DefaultClient, receive(t, "a server", listening)+"/webhooks/relock")
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, status)
	got.wait(t, 1)
	cancel()
	require.NoError(t, receive(t, "the end", served))
	assert.Equal(t, "s-1", got.events[0].Payload.(*relock.SessionEnded).SessionID)
}
