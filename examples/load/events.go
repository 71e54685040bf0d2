package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// A delivery is the body of one event, and its signature as Relock makes it.
type delivery struct {
	body      []byte
	signature string
}

// deliveries returns n events of a round. No two bodies of any round are equal. They are
// signed before the clock starts, so that the sender costs little during the
// measurement.
func deliveries(round, n int) []delivery {
	mac := hmac.New(sha256.New, []byte(secret))
	all := make([]delivery, n)
	for i := range all {
		body := fmt.Appendf(nil, `{"event":"authentication.success","data":{"userId":"u-%08d","sessionId":"s-%03d-%08d",`+
			`"deviceId":"d-77","timestamp":"2026-02-03T04:05:06.789Z","ipAddress":"192.0.2.33",`+
			`"userAgent":"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Safari/605.1.15",`+
			`"location":{"country":"NO","city":"Oslo","timezone":"Europe/Oslo"}}}`, i, round, i)
		mac.Reset()
		mac.Write(body)
		all[i] = delivery{body, hex.EncodeToString(mac.Sum(nil))}
	}
	return all
}
