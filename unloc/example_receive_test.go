package unloc_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/verify"
)

// A callback for every door that is opened.
func ExampleNew() {
	hook, err := unloc.New(unloc.Config{
		// In a program of yours the password comes from its environment. The
		// second credential is being phased out.
		Credentials: []verify.Credential{
			verify.NewCredential("unloc", "R4mT0pqu2x-new"),
			verify.NewCredential("unloc", "Zk3v9LwQ7c-old"),
		},
		Endpoint: verify.Config{Logger: slog.New(slog.DiscardHandler)},
	})
	if err != nil {
		log.Fatal(err)
	}

	events := event.NewMux()
	events.HandleFunc(event.LockUnlocked, doorOpened)
	event.On(events, keyUsed)

	mux := http.NewServeMux()
	mux.Handle("/webhooks/unloc", hook.Handler(events))

	// What Unloc does:
	r, err := unloc.NewRequest(context.Background(), "https://hooks.example/webhooks/unloc", "unloc", "R4mT0pqu2x-new",
		[]byte(`{"id":"e7d0a1","action":"unlocked","created":"2025-02-11T06:58:03.417Z","keyId":"k-17","lockId":"l-4","lockName":"Loading dock","appUserId":"+4790001234","userName":""}`))
	if err != nil {
		log.Fatal(err)
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	fmt.Println(w.Code)
	// Output:
	// +4790001234 opened Loading dock at 06:58
	// key k-17 unlocked
	// 200
}

func doorOpened(_ context.Context, e *event.Event) error {
	fmt.Printf("%s opened %s at %s\n", e.User.Phone, e.Lock.Name, e.Time.Format("15:04"))
	return nil
}

func keyUsed(_ context.Context, _ *event.Event, p *unloc.AccessEvent) error {
	fmt.Println("key", p.KeyID, p.Action)
	return nil
}
