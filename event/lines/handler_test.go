package lines

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
)

// appendID appends the event's ID as often as it has digits.
func appendID(dst []byte, e *event.Event) ([]byte, error) {
	for range e.ID {
		dst = append(dst, e.ID...)
	}
	return dst, nil
}

// Buffers are used again, for events of other sizes too.
func TestHandlerWritesEveryEvent(t *testing.T) {
	var out strings.Builder // only one goroutine writes at a time, or the race detector says so
	h := NewWriter(&out).Handler(appendID)
	ids := []string{"1", "12", "123", strings.Repeat("9", 500)} // the last is too long to be kept
	var wg sync.WaitGroup
	for _, id := range ids {
		wg.Go(func() {
			for range 100 {
				assert.NoError(t, h.HandleEvent(t.Context(), &event.Event{ID: id}))
			}
		})
	}
	wg.Wait()
	seen := make(map[string]int)
	for line := range strings.Lines(out.String()) {
		seen[line]++
	}
	want := make(map[string]int)
	for _, id := range ids {
		want[strings.Repeat(id, len(id))+"\n"] = 100
	}
	assert.Equal(t, want, seen)
}

func TestEventThatCannotBeEncoded(t *testing.T) {
	var out strings.Builder
	w := NewWriter(&out)
	broken := errors.New("broken")
	h := w.Handler(func(dst []byte, e *event.Event) ([]byte, error) {
		if e.ID == "" {
			return append(dst, "half"...), broken
		}
		return appendID(dst, e)
	})
	require.ErrorIs(t, h.HandleEvent(t.Context(), &event.Event{}), broken)
	require.NoError(t, h.HandleEvent(t.Context(), &event.Event{ID: "1"}))
	assert.Equal(t, "1\n", out.String())
	_, err := w.Failing()
	assert.NoError(t, err, "nothing was wrong with writing")
}

func TestHandlerWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		h := NewWriter(g).Handler(appendID)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, h.HandleEvent(ctx, &event.Event{ID: "1"}), context.DeadlineExceeded)
		go func() { g.open <- struct{}{} }()
		go func() { g.open <- struct{}{} }()
		require.NoError(t, h.HandleEvent(t.Context(), &event.Event{ID: "2"}))
		assert.Equal(t, []string{"1\n", "2\n"}, g.writes)
	})
}

// A failer returns its error from each Write.
type failer struct{ err error }

func (f *failer) Write(p []byte) (int, error) { return len(p), f.err }

func TestFailing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &failer{}
		w := NewWriter(out)
		check := func(wantSince time.Time, want error) {
			t.Helper()
			since, err := w.Failing()
			assert.Equal(t, want, err)
			assert.Equal(t, wantSince, since)
		}
		write := func() {
			_ = w.WriteLine(t.Context(), []byte("a"))
			time.Sleep(time.Second)
		}
		check(time.Time{}, nil)
		write()
		check(time.Time{}, nil)
		for _, first := range []error{errors.New("full"), errors.New("full again")} {
			begin := time.Now()
			out.err = first
			write()
			check(begin, first)
			out.err = errors.New("broken")
			write()
			check(begin, out.err)
			out.err = nil
			write()
			check(time.Time{}, nil)
		}
	})
}

func BenchmarkHandler(b *testing.B) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	require.NoError(b, err)
	defer null.Close()
	h := NewWriter(null).Handler(cloudevent.Append)
	e := &event.Event{ID: "4711", Vendor: "relock", Type: event.SessionStarted, User: event.User{Name: "ada"}}
	for _, senders := range []int{1, 64} {
		b.Run(fmt.Sprintf("senders=%d", senders), func(b *testing.B) {
			b.ReportAllocs()
			b.SetParallelism(senders)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := h.HandleEvent(b.Context(), e); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
