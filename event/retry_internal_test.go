package event

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The schedule, exactly, with the jitter replaced by the longest and by a fixed
// part of it.
func TestRetry_Schedule(t *testing.T) {
	const s = time.Second
	failed, busy := errors.New("failed"), func(d time.Duration) error { return Unavailable(errors.New("busy"), d) }
	longest := func(d time.Duration) time.Duration { return d }
	for name, tt := range map[string]struct {
		c      RetryConfig
		jitter func(time.Duration) time.Duration
		err    error
		want   []time.Duration
	}{
		"defaults":          {RetryConfig{}, longest, failed, []time.Duration{s, 2 * s, 4 * s, 8 * s}},
		"limit":             {RetryConfig{Attempts: 8, MaxDelay: 5 * s}, longest, failed, []time.Duration{s, 2 * s, 4 * s, 5 * s, 5 * s, 5 * s, 5 * s}},
		"default limit":     {RetryConfig{Attempts: 8, Delay: 10 * s}, longest, failed, []time.Duration{10 * s, 20 * s, 40 * s, 60 * s, 60 * s, 60 * s, 60 * s}},
		"first over limit":  {RetryConfig{Attempts: 3, Delay: 9 * s, MaxDelay: 5 * s}, longest, failed, []time.Duration{5 * s, 5 * s}},
		"half":              {RetryConfig{}, func(d time.Duration) time.Duration { return d / 2 }, failed, []time.Duration{s / 2, s, 2 * s, 4 * s}},
		"none":              {RetryConfig{}, func(time.Duration) time.Duration { return 0 }, failed, []time.Duration{0, 0, 0, 0}},
		"once":              {RetryConfig{Attempts: 1}, longest, failed, nil},
		"retryAfter":        {RetryConfig{Attempts: 3}, longest, busy(10 * s), []time.Duration{11 * s, 12 * s}},
		"retryAfter, alone": {RetryConfig{Attempts: 3}, func(time.Duration) time.Duration { return 0 }, busy(10 * s), []time.Duration{10 * s, 10 * s}},
		"retryAfter, long":  {RetryConfig{Attempts: 3}, longest, busy(time.Hour), []time.Duration{time.Hour + s, time.Hour + 2*s}},
		"retryAfter, none":  {RetryConfig{Attempts: 3}, longest, busy(0), []time.Duration{s, 2 * s}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var pauses []time.Duration
				last := time.Now()
				calls := 0
				tt.c.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
				h := Retry(tt.c)(HandlerFunc(func(context.Context, *Event) error {
					if calls++; calls > 1 {
						pauses = append(pauses, time.Since(last))
					}
					last = time.Now()
					return tt.err
				}))
				h.(*retrying).jitter = tt.jitter
				if err := h.HandleEvent(context.Background(), new(Event)); !errors.Is(err, tt.err) {
					t.Error(err)
				}
				if d := cmp.Diff(tt.want, pauses); d != "" {
					t.Error(d)
				}
			})
		})
	}
	if d := double(math.MaxInt64-1, math.MaxInt64); d != math.MaxInt64 {
		t.Error("overflow:", d)
	}

	// A retryAfter near the largest Duration does not overflow into a short pause.
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
		defer cancel()
		calls := 0
		h := Retry(RetryConfig{})(HandlerFunc(func(context.Context, *Event) error { calls++; return busy(math.MaxInt64) }))
		h.(*retrying).jitter = longest
		if err := h.HandleEvent(ctx, new(Event)); err == nil || calls != 1 {
			t.Error(err, calls)
		}
	})
}
