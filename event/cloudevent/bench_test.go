package cloudevent_test

import (
	"testing"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/relock"
)

func benchEvent(tb testing.TB) *event.Event {
	body := []byte(`{"event":"authentication.success","data":{"userId":"user-17","sessionId":"s-4711","deviceId":"d-12",` +
		`"timestamp":"2026-05-14T08:31:07Z","ipAddress":"203.0.113.9","userAgent":"Mozilla/5.0 (X11; Linux x86_64)",` +
		`"location":{"country":"NO","city":"Oslo","timezone":"Europe/Oslo"}}}`)
	e, err := relock.Decode(body)
	if err != nil {
		tb.Fatal(err)
	}
	e.Received, e.Raw = e.Time, body
	return e
}

func BenchmarkEncode(b *testing.B) {
	for name, city := range map[string]string{
		"ASCII": "Oslo", "accents": "Tromsø", "Han": "北京市朝阳区", "Arabic": "الدار البيضاء", "quotes": `"Oslo\`, "invisible": "\u202eolsO",
	} {
		e := benchEvent(b)
		e.Location.City, e.User.FullName, e.Device.Name = city, city, city
		e.Payload.(*relock.AuthenticationSucceeded).Location.City = city
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var dst []byte
			for b.Loop() {
				var err error
				if dst, err = cloudevent.Append(dst[:0], e); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	line, err := cloudevent.Encode(benchEvent(b))
	if err != nil {
		b.Fatal(err)
	}
	payloads := cloudevent.Payloads{"relock": relock.Decode}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := cloudevent.Decode(line, payloads); err != nil {
			b.Fatal(err)
		}
	}
}
