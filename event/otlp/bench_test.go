package otlp_test

import (
	"testing"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/event/otlp"
	"github.com/accesshook/accesshook/internal/encodertest"
)

func BenchmarkAppend(b *testing.B) {
	var e *event.Event
	for _, c := range encodertest.Cases(b) {
		if c.Name == "relock/authentication.success" {
			e = c.Event
		}
	}
	for name, encode := range map[string]encodertest.Append{"otlp": otlp.Append, "cloudevent": cloudevent.Append} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var dst []byte
			for b.Loop() {
				var err error
				if dst, err = encode(dst[:0], e); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
