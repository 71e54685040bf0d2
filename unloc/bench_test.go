package unloc_test

import (
	"context"
	"crypto/subtle"
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
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/verify"
)

const (
	benchUser     = "unloc"
	benchPassword = "a-password-of-32-characters-0123"
)

// benchRequest is an access event in the form of Unloc's page.
func benchRequest(ctx context.Context, i int) (*http.Request, error) {
	body := fmt.Sprintf(`{"id":"5b1d7c02-93aa-4e0f-8d11-%012d","action":"unlocked","created":"2024-05-14T08:31:%02d.%03dZ","keyId":"77c0e5a4-0c3d-4b52-a6f9-%012d","lockId":"e2a94f10-6d7b-49c8-b03e-%012d","lockName":"South entrance","appUserId":"+4790%06d","userName":"User %06d"}`,
		i, i%60, i%1000, i*7, i%50, i, i)
	return unloc.NewRequest(ctx, "http://localhost/webhooks/unloc", benchUser, benchPassword, []byte(body))
}

func BenchmarkHandler(b *testing.B) {
	hook, err := unloc.New(unloc.Config{
		Credentials: []verify.Credential{verify.NewCredential(benchUser, benchPassword)},
		Endpoint:    verify.Config{Logger: slog.New(slog.DiscardHandler)},
	})
	if err != nil {
		b.Fatal(err)
	}
	events := event.NewMux()
	event.On(events, func(_ context.Context, e *event.Event, p *unloc.AccessEvent) error {
		if p.LockID == "" || e.User.ID == "" {
			b.Error("empty event")
		}
		return nil
	})
	bench.Run(b, hook.Handler(events), benchRequest)
}

// plain is what somebody writes who follows Unloc's page.
type plain struct {
	ID        string    `json:"id"`
	Action    string    `json:"action"`
	Created   time.Time `json:"created"`
	KeyID     string    `json:"keyId"`
	LockID    string    `json:"lockId"`
	LockName  string    `json:"lockName"`
	AppUserID string    `json:"appUserId"`
	UserName  string    `json:"userName"`
}

func BenchmarkHandwritten(b *testing.B) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, ok := r.BasicAuth()
		if !ok || subtle.ConstantTimeCompare([]byte(user), []byte(benchUser))&
			subtle.ConstantTimeCompare([]byte(password), []byte(benchPassword)) != 1 {
			w.WriteHeader(http.StatusUnauthorized)
			_ = json.NewEncoder(w).Encode(map[string]string{"error": "unauthorized"})
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			http.Error(w, "read", http.StatusBadRequest)
			return
		}
		var p plain
		if err := json.Unmarshal(body, &p); err != nil {
			http.Error(w, "json", http.StatusBadRequest)
			return
		}
		if p.LockID == "" || p.AppUserID == "" {
			b.Error("empty event")
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusOK)
		_ = json.NewEncoder(w).Encode(map[string]bool{"received": true})
	})
	bench.Run(b, h, benchRequest)
}

// The floor has neither an HMAC nor a hash: Unloc signs nothing and sends an ID.
func BenchmarkFloor(b *testing.B) {
	var p plain
	bench.Run(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := make([]byte, r.ContentLength)
		if _, err := io.ReadFull(r.Body, body); err != nil {
			b.Fatal(err)
		}
		p = plain{}
		if err := jsonbody.Floor(body, &p); err != nil {
			b.Fatal(err)
		}
		w.WriteHeader(http.StatusOK)
	}), benchRequest)
}
