package main

import (
	"math"
	"math/bits"
	"time"
)

// mantissa is how many bits of a latency are kept: it is off by less than a part of 128.
const mantissa = 7

// A histogram counts latencies in constant memory. Its zero value is empty.
type histogram struct {
	buckets [(64 - mantissa) << mantissa]uint64
	n       uint64
	max     time.Duration
}

// bucket returns where a latency is counted. Those of less than 256 nanoseconds have a
// bucket each; above, each power of two has 128.
func bucket(d time.Duration) int {
	shift := max(0, bits.Len64(uint64(d))-mantissa-1)
	return shift<<mantissa + int(uint64(d)>>shift)
}

// longest returns the longest latency that is counted in a bucket.
func longest(i int) time.Duration {
	if i < 2<<mantissa {
		return time.Duration(i)
	}
	shift := i>>mantissa - 1
	return time.Duration(uint64(i-shift<<mantissa+1)<<shift - 1)
}

func (h *histogram) add(d time.Duration) {
	d = max(d, 0)
	h.buckets[bucket(d)]++
	h.n++
	h.max = max(h.max, d)
}

// percentile returns the least latency that p percent are not above, at most a part of 128
// too long.
func (h *histogram) percentile(p float64) time.Duration {
	rank := max(1, uint64(math.Ceil(p/100*float64(h.n))))
	for i, n := range h.buckets {
		if n >= rank {
			return min(longest(i), h.max)
		}
		rank -= n
	}
	return h.max
}
