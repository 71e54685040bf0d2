package event_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/accesshook/accesshook/event"
)

func TestMarkDuplicate(t *testing.T) {
	var outer, inner event.Delivery
	ctx := event.WithDelivery(bg, &outer)
	assert.False(t, outer.Duplicate())
	event.MarkDuplicate(event.WithDelivery(ctx, &inner))
	assert.True(t, inner.Duplicate())
	assert.False(t, outer.Duplicate(), "the nearest one is marked")
	event.MarkDuplicate(context.WithoutCancel(ctx))
	assert.True(t, outer.Duplicate())

	assert.NotPanics(t, func() {
		event.MarkDuplicate(bg)
		event.MarkDuplicate(event.WithDelivery(bg, nil))
	}, "no Delivery")
}

// handled hands e to h and reports whether it was dropped as a duplicate.
func handled(ctx context.Context, h event.Handler, e *event.Event) (duplicate bool, err error) {
	var d event.Delivery
	err = h.HandleEvent(event.WithDelivery(ctx, &d), e)
	return d.Duplicate(), err
}

func TestDedupe_MarksWhatItDrops(t *testing.T) {
	for name, tt := range map[string]struct {
		answer error
		shared bool // a concurrent delivery is marked
		later  bool // a later one is
	}{
		"done":            {nil, true, true},
		"failed for good": {event.Permanent(errBroken), true, true},
		"failed":          {errBroken, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{f: func(context.Context, int64) error { time.Sleep(time.Second); return tt.answer }}
				h := event.Dedupe(event.DedupeConfig{})(s)
				var wg sync.WaitGroup
				for i := range 3 {
					wg.Go(func() {
						duplicate, err := handled(bg, h, delivery("a"))
						assert.Equal(t, tt.answer, err)
						assert.Equal(t, i > 0 && tt.shared, duplicate)
					})
					synctest.Wait()
				}
				wg.Wait()
				duplicate, _ := handled(bg, h, delivery("a"))
				assert.Equal(t, tt.later, duplicate)
			})
		})
	}
}

func TestDedupe_MarksNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, _ := quiet()
		busy := funcStore(func(context.Context) (event.ClaimState, error) { return event.ClaimBusy, nil })
		for name, h := range map[string]event.Handler{
			"busy elsewhere": event.Dedupe(event.DedupeConfig{Store: busy})(new(script)),
			"store down":     event.Dedupe(event.DedupeConfig{Store: brokenStore{claim: func() error { return errBroken }}, Logger: log})(new(script)),
		} {
			duplicate, _ := handled(bg, h, delivery("a"))
			assert.False(t, duplicate, name)
		}
		h := event.Dedupe(event.DedupeConfig{})(new(script))
		for range 2 {
			duplicate, _ := handled(bg, h, delivery(""))
			assert.False(t, duplicate, "without an ID")
		}
	})
}
