package userlock_test

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/bench"
	"github.com/accesshook/accesshook/internal/jsonbody"
	"github.com/accesshook/accesshook/userlock"
	"github.com/accesshook/accesshook/verify"
)

const benchID = "7C9E6679-7425-40DE-944B-E07FC1F90AE7"

// benchRequest is a logon with the names of the vendor's own table.
func benchRequest(ctx context.Context, i int) (*http.Request, error) {
	body := fmt.Sprintf(`{"UserLockId":"%s","EventType":1,"EventTime":"2024-05-14T08:31:%02d","UserAccount":"user%04d","UserDomain":"EXAMPLE","UserFullName":"User Number %04d","ComputerName":"WKS%04d","ComputerSession":2,"ClientName":"WKS%04d","ClientAddress":"192.0.2.%d","SessionId":"%016X","SubSessionId":0,"Status":0}`,
		benchID, i%60, i, i, i%300, i%300, i%250, i*7919)
	return userlock.NewRequest(ctx, "http://localhost/webhooks/userlock", benchID, []byte(body))
}

func BenchmarkHandler(b *testing.B) {
	hook, err := userlock.New(userlock.Config{
		IDs:      event.Secrets(benchID),
		Endpoint: verify.Config{Logger: slog.New(slog.DiscardHandler)},
	})
	if err != nil {
		b.Fatal(err)
	}
	events := event.NewMux()
	event.On(events, func(_ context.Context, e *event.Event, n *userlock.Notification) error {
		if n.SessionID == "" || e.User.Name == "" {
			b.Error("empty event")
		}
		return nil
	})
	bench.Run(b, hook.Handler(events), benchRequest)
}

// plain is what somebody writes who deserialises the notification as the
// vendor's guide does, with the columns' names.
type plain struct {
	UserLockID      string `json:"UserLockId"`
	EventType       int    `json:"EventType"`
	EventTime       string `json:"EventTime"`
	UserAccount     string `json:"UserAccount"`
	UserDomain      string `json:"UserDomain"`
	UserFullName    string `json:"UserFullName"`
	ComputerName    string `json:"ComputerName"`
	ComputerSession int    `json:"ComputerSession"`
	ClientName      string `json:"ClientName"`
	ClientAddress   string `json:"ClientAddress"`
	SessionType     string `json:"SessionType"`
	SessionID       string `json:"SessionId"`
	SubSessionID    int    `json:"SubSessionId"`
	Country         string `json:"Country"`
	Status          int    `json:"Status"`
	LogonInfo       string `json:"LogonInfo"`
}

func BenchmarkHandwritten(b *testing.B) {
	allowed := []string{benchID}
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			http.Error(w, "read", http.StatusBadRequest)
			return
		}
		var n plain
		if err := json.Unmarshal(body, &n); err != nil {
			http.Error(w, "json", http.StatusBadRequest)
			return
		}
		ok := false
		for _, id := range allowed {
			if subtle.ConstantTimeCompare([]byte(strings.ToUpper(n.UserLockID)), []byte(id)) == 1 {
				ok = true
			}
		}
		if !ok {
			w.WriteHeader(http.StatusUnauthorized)
			_ = json.NewEncoder(w).Encode(map[string]string{"error": "unknown UserLock ID"})
			return
		}
		at, err := time.Parse("2006-01-02T15:04:05", n.EventTime)
		if err != nil {
			http.Error(w, "time", http.StatusBadRequest)
			return
		}
		if n.SessionID == "" || n.UserAccount == "" || at.IsZero() {
			b.Error("empty event")
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusOK)
		_ = json.NewEncoder(w).Encode(map[string]bool{"received": true})
	})
	bench.Run(b, h, benchRequest)
}

func BenchmarkFloor(b *testing.B) {
	var n plain
	bench.Run(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := make([]byte, r.ContentLength)
		if _, err := io.ReadFull(r.Body, body); err != nil {
			b.Fatal(err)
		}
		if sha256.Sum256(body) == [sha256.Size]byte{} {
			b.Fatal("impossible")
		}
		n = plain{}
		if err := jsonbody.Floor(body, &n); err != nil {
			b.Fatal(err)
		}
		w.WriteHeader(http.StatusOK)
	}), benchRequest)
}
