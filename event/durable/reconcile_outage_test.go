package durable_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
	"github.com/accesshook/accesshook/internal/unloctest"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/unloc/unlocapi"
	"github.com/accesshook/accesshook/verify"
)

// A receivingService has a store in one directory, and a callback.
type receivingService struct {
	t        *testing.T
	name     func(start int) string // of the endpoint
	callback *recorder
	dir      string
	starts   int
	store    *embedded.Store
	stopRun  func()
}

func newReceivingService(t *testing.T, name func(start int) string) *receivingService {
	return &receivingService{t: t, name: name, callback: newRecorder(), dir: t.TempDir()}
}

func (s *receivingService) start() []unloctest.Receiver {
	s.starts++
	c := quiet
	c.Name = s.name(s.starts)
	hook, err := unloc.New(unloc.Config{Credentials: []verify.Credential{unloctest.Credential}, Endpoint: c})
	require.NoError(s.t, err)
	s.store = open(s.t, embedded.Config{Dir: s.dir})
	s.stopRun = run(s.t, s.store, durable.Consumer{}, s.callback)
	return []unloctest.Receiver{{Hook: hook, Handler: s.store}}
}

func (s *receivingService) stop() {
	s.stopRun()
	require.NoError(s.t, s.store.Close())
}

// stored returns how many events the store has, also those that were handled.
func (s *receivingService) stored() int {
	stats, err := s.store.Stats(s.t.Context())
	require.NoError(s.t, err)
	return int(stats.Events)
}

// Each event of Unloc's reaches the callback once, whether the webhook brought it, the
// access log, or both at the same time, also if the store was opened again in between.
func TestReconcileAfterAnOutage(t *testing.T) {
	t.Parallel()
	for _, restart := range []bool{false, true} {
		t.Run(fmt.Sprintf("restart %t", restart), func(t *testing.T) {
			t.Parallel()
			s := newReceivingService(t, func(int) string { return "" })
			o := unloctest.Outage{Start: s.start, NewestFirst: restart}
			if restart {
				o.Stop = s.stop
			}
			ids, last := o.Run(t)
			assert.Equal(t, unlocapi.Result{Read: len(ids), Found: len(ids), Known: len(ids)}, last)
			assert.Equal(t, len(ids), s.stored())
			s.callback.wait(t, len(ids))
			s.stop()
			assert.ElementsMatch(t, ids, s.callback.ids())
		})
	}
}

// The proof can fail: under another name of the endpoint the events are others.
func TestReconcileWithAnotherSource(t *testing.T) {
	t.Parallel()
	s := newReceivingService(t, func(start int) string { return fmt.Sprint("start-", start) })
	ids, last := unloctest.Outage{Start: s.start, Stop: s.stop}.Run(t)
	assert.Equal(t, len(ids), last.Delivered)
	assert.Greater(t, s.stored(), len(ids))
	s.stop()
}
