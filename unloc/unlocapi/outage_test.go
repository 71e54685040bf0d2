package unlocapi_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/unloctest"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/unloc/unlocapi"
	"github.com/accesshook/accesshook/verify"
)

// A sharedStore is a DedupeStore outside the process.
type sharedStore struct{ event.DedupeStore }

func (s sharedStore) dedupe() func(event.Handler) event.Handler {
	return event.Dedupe(event.DedupeConfig{Store: s, Logger: quiet})
}

func outageHook(t *testing.T, c verify.Config) *verify.Endpoint {
	t.Helper()
	c.Logger = quiet
	hook, err := unloc.New(unloc.Config{Credentials: []verify.Credential{unloctest.Credential}, Endpoint: c})
	require.NoError(t, err)
	return hook
}

// A setup is a process with a memory and a callback.
type setup func(*testing.T, sharedStore, event.Handler) unloctest.Receiver

func inWrap(t *testing.T, store sharedStore, callback event.Handler) unloctest.Receiver {
	return unloctest.Receiver{Hook: outageHook(t, wrap(store.dedupe())), Handler: callback}
}

func aroundMux(t *testing.T, store sharedStore, callback event.Handler) unloctest.Receiver {
	events := event.NewMux()
	events.Handle("lock.*", callback)
	return unloctest.Receiver{Hook: outageHook(t, verify.Config{}), Handler: store.dedupe()(events)}
}

func run(t *testing.T, o unloctest.Outage, processes int, start setup) (ids []string, calls map[string]int, last unlocapi.Result) {
	store := sharedStore{event.NewDedupeMemory(0)}
	var callback recorder
	o.Start = func() (all []unloctest.Receiver) {
		for range processes {
			all = append(all, start(t, store, &callback))
		}
		return all
	}
	ids, last = o.Run(t)
	return ids, callback.seen(), last
}

// Each event reaches the callback once, whether the webhook brought it, the access log, or
// both at the same time.
func TestOutage(t *testing.T) {
	for name, start := range map[string]setup{"in Wrap": inWrap, "around the Mux": aroundMux} {
		for _, restart := range []bool{false, true} {
			for _, processes := range []int{1, 2} {
				t.Run(fmt.Sprintf("Dedupe %s, restart %t, %d processes", name, restart, processes), func(t *testing.T) {
					o := unloctest.Outage{NewestFirst: restart}
					if restart {
						o.Stop = func() {} // what is in the process is forgotten
					}
					ids, calls, last := run(t, o, processes, start)
					assert.Len(t, calls, len(ids))
					for _, id := range ids {
						assert.Equal(t, 1, calls[id], id)
					}
					assert.Equal(t, unlocapi.Result{Read: len(ids), Found: len(ids), Known: len(ids)}, last)
				})
			}
		}
	}
}

// The proof can fail: without what it rests on, events come twice.
func TestOutageWithoutMemory(t *testing.T) {
	for name, start := range map[string]setup{
		"without Dedupe": func(t *testing.T, _ sharedStore, callback event.Handler) unloctest.Receiver {
			return unloctest.Receiver{Hook: outageHook(t, verify.Config{}), Handler: callback}
		},
		"with a store that forgets": func(t *testing.T, _ sharedStore, callback event.Handler) unloctest.Receiver {
			return inWrap(t, sharedStore{event.NewDedupeMemory(0)}, callback)
		},
		"with another source": func() setup {
			starts := 0
			return func(t *testing.T, store sharedStore, callback event.Handler) unloctest.Receiver {
				starts++
				c := wrap(store.dedupe())
				c.Name = fmt.Sprint("start-", starts)
				return unloctest.Receiver{Hook: outageHook(t, c), Handler: callback}
			}
		}(),
	} {
		t.Run(name, func(t *testing.T) {
			ids, calls, last := run(t, unloctest.Outage{Stop: func() {}}, 1, start)
			twice := 0
			for _, id := range ids {
				assert.NotZero(t, calls[id])
				if calls[id] > 1 {
					twice++
				}
			}
			assert.NotZero(t, twice)
			assert.NotZero(t, last.Delivered)
		})
	}
}
