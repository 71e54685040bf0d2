package unloctest

import (
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
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/unloc/unlocapi"
	"github.com/accesshook/accesshook/verify"
)

// Credential is what the webhooks of an [Outage] come with.
var Credential = verify.NewCredential("unloc", "R4mT0pqu2x-of-these-tests")

// A Receiver is a process that receives webhooks and reconciles.
type Receiver struct {
	Hook    *verify.Endpoint // accepts Credential
	Handler event.Handler
}

// An Outage is what a service must live through.
type Outage struct {
	// Start starts the processes of the service, which get the webhooks by turns.
	Start func() []Receiver
	// Stop ends them; they are started again. Nil: they go on, and only the way to them is
	// interrupted.
	Stop func()
	// NewestFirst is the order of the access log.
	NewestFirst bool
}

// part is how many events happen in each part of an outage.
const part = 20

// Run has webhooks come, the answers of some of them lost. Then events happen that reach
// nobody. Then webhooks come again, among them some that came before, while each process
// reconciles twice at once. It returns the IDs of all events, and the result of a last
// reconciliation, in which a service that remembers is told nothing new.
func (o Outage) Run(t *testing.T) (ids []string, last unlocapi.Result) {
	w := way{}
	receiver := httptest.NewTLSServer(&w)
	t.Cleanup(receiver.Close)
	s := New(t, receiver.Client())
	s.PageSize, s.NewestFirst = 7, o.NewestFirst
	client, err := unlocapi.New(s.Config())
	require.NoError(t, err)
	password, _ := Credential.Password.Reveal()
	target, err := unloc.URL(receiver.URL+"/webhooks/unloc", Credential.User, password)
	require.NoError(t, err)
	require.NoError(t, client.RegisterWebhook(t.Context(), unlocapi.Webhook{URL: event.NewSecret(target), LockID: "l-4"}))

	since := time.Now().AddDate(0, 0, -7).UTC()
	happen := func() (events []unloc.AccessEvent) {
		for i := range part {
			e := unloc.AccessEvent{
				ID: fmt.Sprintf("event-%d", len(ids)), Action: "unlocked", Created: time.Now().UTC(),
				KeyID: "k-17", LockID: "l-4", LockName: "Dør Ø", AppUserID: "+4790001234",
			}
			if i%4 == 0 {
				e.Created = since.Add(time.Hour) // by a phone that was offline
			}
			events, ids = append(events, e), append(ids, e.ID)
			s.Happen(e)
		}
		return events
	}
	processes := o.Start()
	restart := func() {
		if o.Stop == nil {
			return
		}
		o.Stop()
		processes = o.Start()
	}

	w.set(t, processes, losing)
	before := happen()
	for i, e := range before {
		assert.Equal(t, i%5 == 0, s.Send(t.Context(), e) != nil, "lost answers")
	}
	w.set(t, processes, down)
	missed := happen()
	for _, e := range missed {
		require.Error(t, s.Send(t.Context(), e))
	}
	restart()
	w.set(t, processes, up)
	after := happen()
	var wg sync.WaitGroup
	for _, events := range [][]unloc.AccessEvent{before, missed[:part/2], after} {
		wg.Go(func() {
			for _, e := range events {
				_ = s.Send(t.Context(), e) // one that fails is in the log
			}
		})
	}
	for _, p := range append(processes, processes...) {
		wg.Go(func() {
			_, err := unlocapi.Reconcile(t.Context(), client, since, p.Hook, p.Handler)
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	restart()
	last, err = unlocapi.Reconcile(t.Context(), client, since, processes[0].Hook, processes[0].Handler)
	require.NoError(t, err)
	require.Equal(t, len(ids), last.Found)
	return ids, last
}

// A way leads from Unloc to the processes.
type way struct {
	handler atomic.Pointer[http.HandlerFunc]
}

const (
	up     = iota
	losing // the answer to every fifth request, the first of them
	down
)

func (w *way) ServeHTTP(rw http.ResponseWriter, r *http.Request) { (*w.handler.Load())(rw, r) }

func (w *way) set(t *testing.T, processes []Receiver, state int) {
	var handlers []http.Handler
	for _, p := range processes {
		handlers = append(handlers, p.Hook.Handler(p.Handler))
	}
	var n atomic.Int64
	next := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		i := int(n.Add(1)) - 1
		h := handlers[i%len(handlers)]
		switch {
		case state == down && i%5 != 0:
			rw.WriteHeader(http.StatusBadGateway) // as a proxy says
		case state == down:
			panic(http.ErrAbortHandler)
		case state == losing && i%5 == 0:
			lost := httptest.NewRecorder()
			h.ServeHTTP(lost, r)
			assert.Equal(t, http.StatusOK, lost.Code)
			panic(http.ErrAbortHandler)
		default:
			h.ServeHTTP(rw, r)
		}
	})
	w.handler.Store(&next)
}
