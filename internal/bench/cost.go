package bench

import (
	"math"
	"testing"
	"time"
)

// Cost returns how many times the nanoseconds a byte of the normal bodies decode takes
// for a body that is made to be slow. It compares the fastest of interleaved rounds, as
// other work of the machine makes none faster, and ends once the result is enough.
func Cost(decode func(body []byte), normal [][]byte, slow []byte, enough float64) float64 {
	const rounds = 20
	perByte := func(bodies ...[]byte) float64 {
		start, size := time.Now(), 0
		for _, body := range bodies {
			decode(body)
			size += len(body)
		}
		return float64(time.Since(start)) / float64(size)
	}
	bestNormal, bestSlow := math.Inf(1), math.Inf(1)
	for range rounds {
		bestNormal = min(bestNormal, perByte(normal...))
		if bestSlow = min(bestSlow, perByte(slow)); bestSlow < enough*bestNormal {
			break
		}
	}
	return bestSlow / bestNormal
}

// RunDecode measures decode alone, in nanoseconds a byte too.
func RunDecode(b *testing.B, decode func(body []byte), bodies ...[]byte) {
	b.Helper()
	b.ReportAllocs()
	size := 0
	for i := 0; b.Loop(); i++ {
		body := bodies[i%len(bodies)]
		decode(body)
		size += len(body)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(size), "ns/B")
}
