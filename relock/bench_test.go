package relock_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/bench"
	"github.com/accesshook/accesshook/internal/jsonbody"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/verify"
)

const benchSecret = "a-shared-secret-of-32-characters"

// benchRequest is authentication.success in 374 bytes, as on Relock's page.
func benchRequest(ctx context.Context, i int) (*http.Request, error) {
	body := fmt.Sprintf(`{"event":"authentication.success","data":{"userId":"user-%08d","sessionId":"session-%012d","deviceId":"device-%012d","timestamp":"2024-05-14T08:31:%02dZ","ipAddress":"192.0.2.%d","userAgent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)","location":{"country":"US","city":"San Francisco","timezone":"America/Los_Angeles"}}}`,
		i, i, i*7, i%60, i%250)
	return relock.NewRequest(ctx, "http://localhost/webhooks/relock", benchSecret, []byte(body))
}

func BenchmarkHandler(b *testing.B) {
	hook, err := relock.New(relock.Config{
		Secrets:  event.Secrets(benchSecret),
		Endpoint: verify.Config{Logger: slog.New(slog.DiscardHandler)},
	})
	if err != nil {
		b.Fatal(err)
	}
	events := event.NewMux()
	event.On(events, func(_ context.Context, e *event.Event, p *relock.AuthenticationSucceeded) error {
		if p.DeviceID == "" || e.User.ID == "" {
			b.Error("empty event")
		}
		return nil
	})
	bench.Run(b, hook.Handler(events), benchRequest)
}

// plain are the fields of authentication.success.
type plain struct {
	UserID    string    `json:"userId"`
	SessionID string    `json:"sessionId"`
	DeviceID  string    `json:"deviceId"`
	Timestamp time.Time `json:"timestamp"`
	IPAddress string    `json:"ipAddress"`
	UserAgent string    `json:"userAgent"`
	Location  struct {
		Country  string `json:"country"`
		City     string `json:"city"`
		Timezone string `json:"timezone"`
	} `json:"location"`
}

// BenchmarkHandwritten is the handler of Relock's page in Go: it takes event and
// data apart, and looks at event to know what data is.
func BenchmarkHandwritten(b *testing.B) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			http.Error(w, "read", http.StatusBadRequest)
			return
		}
		mac := hmac.New(sha256.New, []byte(benchSecret))
		mac.Write(body)
		sent, err := hex.DecodeString(r.Header.Get("X-Relock-Signature"))
		if err != nil || !hmac.Equal(sent, mac.Sum(nil)) {
			w.WriteHeader(http.StatusUnauthorized)
			_ = json.NewEncoder(w).Encode(map[string]string{"error": "Invalid signature"})
			return
		}
		var envelope struct {
			Event string          `json:"event"`
			Data  json.RawMessage `json:"data"`
		}
		if err := json.Unmarshal(body, &envelope); err != nil {
			http.Error(w, "json", http.StatusBadRequest)
			return
		}
		switch envelope.Event {
		case "authentication.success":
			var p plain
			if err := json.Unmarshal(envelope.Data, &p); err != nil {
				http.Error(w, "json", http.StatusBadRequest)
				return
			}
			if p.DeviceID == "" || p.UserID == "" {
				b.Error("empty event")
			}
		default:
			b.Error("another event")
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusOK)
		_ = json.NewEncoder(w).Encode(map[string]bool{"received": true})
	})
	bench.Run(b, h, benchRequest)
}

func BenchmarkFloor(b *testing.B) {
	mac := hmac.New(sha256.New, []byte(benchSecret))
	var sum []byte
	var p struct {
		Event string `json:"event"`
		Data  plain  `json:"data"`
	}
	bench.Run(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := make([]byte, r.ContentLength)
		if _, err := io.ReadFull(r.Body, body); err != nil {
			b.Fatal(err)
		}
		mac.Reset()
		mac.Write(body)
		sum = mac.Sum(sum[:0])
		id := sha256.Sum256(body)
		p.Data = plain{}
		if err := jsonbody.Floor(body, &p); err != nil {
			b.Fatal(err)
		}
		if id == [sha256.Size]byte(sum) {
			b.Fatal("impossible")
		}
		w.WriteHeader(http.StatusOK)
	}), benchRequest)
}
