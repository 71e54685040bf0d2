package main

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestPercentiles(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for name, draw := range map[string]func() time.Duration{
		"equal":     func() time.Duration { return 1234567 },
		"uniform":   func() time.Duration { return rand.N(time.Second) },
		"all sizes": func() time.Duration { return time.Duration(random.Int64() >> random.IntN(63)) },
		"tiny":      func() time.Duration { return time.Duration(random.IntN(300)) },
		"two heaps": func() time.Duration { return time.Duration(1+random.IntN(2)*999) * time.Millisecond },
	} {
		t.Run(name, func(t *testing.T) {
			for _, n := range []int{1, 2, 99, 100, 101, 10000} {
				var h histogram
				all := make([]time.Duration, n)
				for i := range all {
					all[i] = draw()
					h.add(all[i])
				}
				slices.Sort(all)
				for _, p := range []int{1, 50, 99, 100} {
					want := all[(n*p+99)/100-1]
					got := h.percentile(float64(p))
					assert.GreaterOrEqual(t, got, want, "%d of %d", p, n)
					assert.LessOrEqual(t, float64(got-want), float64(want)/100, "%d of %d: want %v, got %v", p, n, want, got)
				}
				assert.Equal(t, all[n-1], h.max)
				assert.Equal(t, h.max, h.percentile(100))
			}
		})
	}
}

// Every latency has a bucket, and the buckets are in order.
func TestBuckets(t *testing.T) {
	var h histogram
	last := -1
	for i := range h.buckets {
		d := longest(i)
		assert.Equal(t, i, bucket(d), "%d", d)
		assert.Greater(t, int(d), last)
		last = int(d)
	}
	assert.Equal(t, 1<<63-1, last)
}

func TestClockThatGoesBack(t *testing.T) {
	var h histogram
	h.add(-5)
	assert.Zero(t, h.percentile(50))
}

func TestShort(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 999: "999ns", 1234: "1.23µs", 12345678: "12.3ms", 999999999: "1s", 83456789012: "1m23.5s", 3661 * time.Second: "1h1m1s",
	} {
		assert.Equal(t, want, short(d))
	}
}
