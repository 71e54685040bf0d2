package durable

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
)

func TestDelay(t *testing.T) {
	failed := errors.New("failed")
	tests := map[string]struct {
		c           Consumer
		n           int
		err         error
		least, most time.Duration
	}{
		"first":             {Consumer{}, 1, failed, time.Second / 2, time.Second},
		"no error":          {Consumer{}, 1, nil, time.Second / 2, time.Second},
		"second":            {Consumer{}, 2, failed, time.Second, 2 * time.Second},
		"tenth":             {Consumer{}, 10, failed, 256 * time.Second, 512 * time.Second},
		"twelfth":           {Consumer{}, 12, failed, 1024 * time.Second, 2048 * time.Second},
		"thirteenth":        {Consumer{}, 13, failed, 30 * time.Minute, time.Hour},
		"thousandth":        {Consumer{MaxAttempts: 1000}, 1000, failed, 30 * time.Minute, time.Hour},
		"no overflow":       {Consumer{Delay: 1<<33 + 1, MaxDelay: time.Hour}, 32, failed, 30 * time.Minute, time.Hour},
		"largest delay":     {Consumer{Delay: math.MaxInt64, MaxDelay: math.MaxInt64}, 5, failed, longestPause, longestPause},
		"above the largest": {Consumer{Delay: time.Hour, MaxDelay: time.Minute}, 1, failed, 30 * time.Second, time.Minute},
		"shortest":          {Consumer{Delay: 1, MaxDelay: 1}, 1, failed, 0, 1},
		"asked for":         {Consumer{}, 1, event.Unavailable(failed, time.Minute), time.Minute + time.Second/2, time.Minute + time.Second},
		"asked for nothing": {Consumer{}, 1, event.Unavailable(failed, 0), time.Second / 2, time.Second},
		"asked for less":    {Consumer{}, 1, event.Unavailable(failed, -time.Hour), time.Second / 2, time.Second},
		"asked for too long": {
			Consumer{}, 1, event.Unavailable(failed, math.MaxInt64), longestPause, longestPause,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c, err := tt.c.withDefaults()
			assert.NoError(t, err)
			seen := make(map[time.Duration]bool)
			for range 200 {
				d := c.delay(tt.n, tt.err)
				assert.GreaterOrEqual(t, d, tt.least)
				assert.LessOrEqual(t, d, tt.most)
				seen[d] = true
			}
			if tt.most-tt.least > time.Microsecond {
				assert.Greater(t, len(seen), 100, "pauses are not random")
			}
		})
	}
	assert.Less(t, longestPause, attemptsKept, "the record of attempts must outlive a pause")
}

// The default pauses outlast an outage of a day, also if each is as short as can be.
func TestDefaultPausesLastADay(t *testing.T) {
	c, err := Consumer{}.withDefaults()
	require.NoError(t, err)
	shortest, longest := time.Duration(0), time.Duration(0)
	for n := 1; n < c.MaxAttempts; n++ {
		pause := c.longestDelay(n)
		shortest, longest = shortest+pause/2, longest+pause
	}
	assert.Greater(t, shortest, 24*time.Hour)
	assert.Less(t, longest, 50*time.Hour)
	assert.Less(t, c.MaxDelay, attemptsKept, "the record of attempts must outlive a pause")
}
