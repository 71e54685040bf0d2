package encodertest_test

import (
	"slices"
	"testing"
	"time"

	"github.com/accesshook/accesshook/internal/encodertest"
)

// BenchmarkAppend encodes the same events, of every type, with each encoder. Those that a
// format has no place for are left out.
func BenchmarkAppend(b *testing.B) {
	for _, encoder := range encodertest.Encoders {
		b.Run(encoder.Name, func(b *testing.B) {
			cases := casesOf(b, encoder)
			var dst []byte
			size := 0
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				dst, _ = encoder.Append(dst[:0], cases[i%len(cases)].Event)
				size += len(dst)
			}
			b.SetBytes(int64(size / b.N))
		})
	}
}

func casesOf(b *testing.B, encoder encodertest.Encoder) []encodertest.Case {
	b.Helper()
	return slices.DeleteFunc(encodertest.Cases(b), func(c encodertest.Case) bool {
		_, err := encoder.Append(nil, c.Event)
		return err != nil
	})
}

// BenchmarkRatio compares each encoder with cloudevent.Append on the same event:
//
//	go test -run - -bench Ratio -benchtime 50x ./internal/encodertest
//
// A round encodes an event with both, one right after the other, since other work of the
// machine slows both. What counts for an event is the median of all rounds. It reports
// that of the slowest event and of the one in the middle.
func BenchmarkRatio(b *testing.B) {
	const each = 20
	var dst []byte
	measure := func(encoder encodertest.Encoder, c encodertest.Case) time.Duration {
		start := time.Now()
		for range each {
			dst, _ = encoder.Append(dst[:0], c.Event)
		}
		return time.Since(start)
	}
	base := encodertest.Encoders[0]
	for _, encoder := range encodertest.Encoders[1:] {
		b.Run(encoder.Name, func(b *testing.B) {
			cases := casesOf(b, encoder)
			rounds := make([][]float64, len(cases))
			for b.Loop() {
				for i, c := range cases {
					rounds[i] = append(rounds[i], float64(measure(encoder, c))/float64(measure(base, c)))
				}
			}
			var ratios []float64
			slowest, at := 0.0, ""
			for i, c := range cases {
				slices.Sort(rounds[i])
				ratio := rounds[i][len(rounds[i])/2]
				if ratios = append(ratios, ratio); ratio > slowest {
					slowest, at = ratio, c.Name
				}
			}
			slices.Sort(ratios)
			b.ReportMetric(slowest, "slowest")
			b.ReportMetric(ratios[len(ratios)/2], "middle")
			b.ReportMetric(0, "ns/op")
			b.Log(at, "is the slowest")
		})
	}
}
