package durable_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
	"github.com/accesshook/accesshook/unloc"
)

// What was stored is read again, whether or not it was handled: for a new index, or
// for a question about yesterday.
func ExampleStore_Replay() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "events")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	store, err := embedded.Open(ctx, embedded.Config{
		Dir: dir,
		Config: durable.Config{
			Payloads:  cloudevent.Payloads{unloc.Vendor: unloc.Decode},
			Retention: 30 * 24 * time.Hour, // how long handled events are kept
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	for _, body := range []string{`{"id":"1","action":"unlocked"}`, `{"id":"2","action":"viewedCode"}`, `{"id":"3","action":"unlocked"}`} {
		e, err := unloc.Decode([]byte(body))
		if err != nil {
			log.Fatal(err)
		}
		if err := store.HandleEvent(ctx, e); err != nil {
			log.Fatal(err)
		}
	}

	yesterday, noEnd := time.Now().Add(-24*time.Hour), time.Time{}
	err = store.Replay(ctx, yesterday, noEnd, durable.Filter{Type: event.LockUnlocked}, event.HandlerFunc(
		func(_ context.Context, e *event.Event) error {
			fmt.Println(e.ID, e.Type)
			return nil
		}))
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// 1 lock.unlocked
	// 3 lock.unlocked
}
