package embedded

import (
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/event/durable"
)

// No Close returns, and frees the directory, while another still stops the
// server: two servers on one directory would lose events.
func TestCloseTwiceAtOnce(t *testing.T) {
	c := Config{Dir: t.TempDir(), Config: durable.Config{
		Payloads: cloudevent.Payloads{"acme": nil}, Logger: slog.New(slog.DiscardHandler),
	}}
	for round := range 10 {
		s, err := Open(t.Context(), c)
		require.NoError(t, err)
		for n := range 50 {
			require.NoError(t, s.HandleEvent(t.Context(), &event.Event{Vendor: "acme", ID: fmt.Sprint(round, n), Time: time.Unix(1e9, 0)}))
		}
		srv := s.engine.server
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				assert.NoError(t, s.Close())
				began := time.Now()
				srv.WaitForShutdown()
				assert.Less(t, time.Since(began), 2*time.Millisecond, "the server still ran")
			})
		}
		both.Wait()
	}
}
