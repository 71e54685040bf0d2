package verify_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

// The server shuts down in the middle of a load: what was answered 200 was
// handled to its end, and what was handled was answered.
func TestShutdownUnderLoad(t *testing.T) {
	var finished sync.Map
	var running atomic.Int64
	half := make(chan struct{})
	hook := newEndpoint(t, verify.Config{})
	server := httptest.NewServer(hook.Handler(event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
		if running.Add(1) == 200 {
			close(half)
		}
		select {
		case <-time.After(2 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
		finished.Store(string(e.Raw), true)
		return nil
	})))
	defer server.Close()

	var accepted sync.Map
	var senders sync.WaitGroup
	for s := range 16 {
		senders.Go(func() {
			for i := 0; ; i++ {
				body := fmt.Sprintf(`{"sender":%d,"i":%d}`, s, i)
				res, err := server.Client().Do(signed(t, server.URL, body))
				if err != nil {
					return // the server is gone
				}
				res.Body.Close()
				if !assert.Equal(t, http.StatusOK, res.StatusCode) {
					return
				}
				accepted.Store(body, true)
			}
		})
	}
	<-half
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	require.NoError(t, server.Config.Shutdown(ctx))
	senders.Wait()

	n := 0
	accepted.Range(func(body, _ any) bool {
		n++
		_, ok := finished.Load(body)
		return assert.True(t, ok, "%s was answered 200 and not handled", body)
	})
	assert.GreaterOrEqual(t, n, 180)
}
