package relock_test

import (
	"context"
	"fmt"
	"log"
	"net/http/httptest"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/relock"
)

// Each of Relock's events has a payload of its own. A callback for a payload gets it in
// its own Go type.
func Example() {
	hook, err := relock.New(relock.Config{Secrets: event.Secrets(webhookSecret)})
	if err != nil {
		log.Fatal(err)
	}
	events := event.NewMux()
	event.On(events, newDevice)
	event.On(events, newSession)
	event.On(events, newToThisVersion)
	server := httptest.NewServer(hook.Handler(events))
	defer server.Close()

	// What Relock sends.
	for _, payload := range []any{
		&relock.DeviceRegistered{UserID: "ada", DeviceInfo: relock.DeviceInfo{Name: "Ada's phone", OS: "iOS 19"}},
		&relock.SessionCreated{UserID: "ada", ExpiresAt: time.Date(2026, 11, 29, 18, 0, 0, 0, time.UTC)},
		[]byte(`{"event":"coffee.brewed","data":{"userId":"ada","cups":2}}`),
	} {
		r, err := relock.NewRequest(context.Background(), server.URL, webhookSecret, payload)
		if err != nil {
			log.Fatal(err)
		}
		res, err := server.Client().Do(r)
		if err != nil {
			log.Fatal(err)
		}
		res.Body.Close()
	}
	// Output:
	// ada has a new device: Ada's phone, iOS 19
	// ada has a session until 18:00
	// coffee.brewed of ada: map[cups:2]
}

const webhookSecret = "the secret of the webhook" // a service reads it from its environment

func newDevice(_ context.Context, e *event.Event, p *relock.DeviceRegistered) error {
	fmt.Printf("%s has a new device: %s, %s\n", e.User.ID, p.DeviceInfo.Name, p.DeviceInfo.OS)
	return nil
}

func newSession(_ context.Context, e *event.Event, p *relock.SessionCreated) error {
	fmt.Printf("%s has a session until %s\n", e.User.ID, p.ExpiresAt.Format("15:04"))
	return nil
}

func newToThisVersion(_ context.Context, e *event.Event, p *relock.Unknown) error {
	fmt.Printf("%s of %s: %s\n", p.Event, e.User.ID, p.Extra)
	return nil
}
