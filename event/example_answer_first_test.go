package event_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http/httptest"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/verify"
)

// Answer the vendor first and handle events later. The order is Queue, Retry,
// Dedupe, callbacks: each attempt of a Retry asks Dedupe again, and an event is done
// only when a callback was.
func ExampleQueue() {
	events := event.NewMux()
	events.HandleFunc(event.LockUnlocked, new(alarmSystem).doorOpened)

	dedupe := event.Dedupe(event.DedupeConfig{})
	retry := event.Retry(event.RetryConfig{Attempts: 5, Delay: time.Millisecond})
	queue := event.NewQueue(retry(dedupe(events)), event.QueueConfig{Key: event.ByLock})

	hook, err := unloc.New(unloc.Config{Credentials: []verify.Credential{verify.NewCredential("unloc", "R4mT0pqu2x")}})
	if err != nil {
		log.Fatal(err)
	}
	handler := hook.Handler(queue)

	// The vendor sends an event twice.
	for range 2 {
		r, err := unloc.NewRequest(context.Background(), "/webhooks/unloc", "unloc", "R4mT0pqu2x",
			&unloc.AccessEvent{ID: "4711", Action: "unlocked", LockID: "1", LockName: "Front door"})
		if err != nil {
			log.Fatal(err)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println("answered", w.Code)
	}

	// At the end, after http.Server.Shutdown.
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	left, err := queue.Shutdown(ctx)
	fmt.Println("left:", len(left), err)
	// Unordered output:
	// answered 200
	// answered 200
	// unlocked: Front door
	// left: 0 <nil>
}

// An alarmSystem does not answer the first time.
type alarmSystem struct{ calls int }

func (a *alarmSystem) doorOpened(_ context.Context, e *event.Event) error {
	if a.calls++; a.calls == 1 {
		return errors.New("alarm system does not answer")
	}
	fmt.Println("unlocked:", e.Lock.Name)
	return nil
}
