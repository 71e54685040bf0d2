package loginradius_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"testing"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/bench"
	"github.com/accesshook/accesshook/internal/jsonbody"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/verify"
)

const benchSecret = "a-secondary-api-secret-for-webhooks"

// benchRequest is a login in about 3.4 KB.
func benchRequest(ctx context.Context, i int) (*http.Request, error) {
	return loginradius.NewRequest(ctx, "http://localhost/webhooks/loginradius", benchSecret, []byte(loginBody(i)))
}

func BenchmarkHandler(b *testing.B) {
	hook, err := loginradius.New(loginradius.Config{
		Secrets:  event.Secrets(benchSecret),
		Endpoint: verify.Config{Logger: slog.New(slog.DiscardHandler)},
	})
	if err != nil {
		b.Fatal(err)
	}
	events := event.NewMux()
	event.On(events, func(_ context.Context, e *event.Event, h *loginradius.Hook) error {
		if h.Profile.UID == "" || e.User.Email == "" {
			b.Error("empty event")
		}
		return nil
	})
	bench.Run(b, hook.Handler(events), benchRequest)
}

func BenchmarkHandwritten(b *testing.B) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			http.Error(w, "read", http.StatusBadRequest)
			return
		}
		mac := hmac.New(sha256.New, []byte(benchSecret))
		mac.Write(body)
		sent, err := hex.DecodeString(r.Header.Get("Signature"))
		if err != nil || !hmac.Equal(sent, mac.Sum(nil)) {
			w.WriteHeader(http.StatusUnauthorized)
			_ = json.NewEncoder(w).Encode(map[string]string{"error": "Invalid signature"})
			return
		}
		var p plain
		if err := json.Unmarshal(body, &p); err != nil {
			http.Error(w, "json", http.StatusBadRequest)
			return
		}
		if p.Data.UID == "" || len(p.Data.Email) == 0 {
			b.Error("empty event")
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
	var p plain
	bench.Run(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := make([]byte, r.ContentLength)
		if _, err := io.ReadFull(r.Body, body); err != nil {
			b.Fatal(err)
		}
		mac.Reset()
		mac.Write(body)
		sum = mac.Sum(sum[:0])
		id := sha256.Sum256(body)
		p = plain{}
		if err := jsonbody.Floor(body, &p); err != nil {
			b.Fatal(err)
		}
		if id == [sha256.Size]byte(sum) {
			b.Fatal("impossible")
		}
		w.WriteHeader(http.StatusOK)
	}), benchRequest)
}
