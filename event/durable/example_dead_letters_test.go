package durable_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
	"github.com/accesshook/accesshook/unloc"
)

// An event that a callback refuses becomes a dead letter, and is handled again once
// what was wrong is mended.
func ExampleStore_DeadLetters() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "events")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	store, err := embedded.Open(ctx, embedded.Config{
		Dir:    dir,
		Config: durable.Config{Payloads: cloudevent.Payloads{unloc.Vendor: unloc.Decode}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	e, err := unloc.Decode([]byte(`{"id":"1","action":"unlocked","lockId":"front"}`))
	if err != nil {
		log.Fatal(err)
	}
	if err := store.HandleEvent(ctx, e); err != nil {
		log.Fatal(err)
	}

	// The callbacks of today refuse the event.
	running, stop := context.WithCancel(ctx)
	defer stop()
	consumer := durable.Consumer{Observe: func(_ context.Context, a durable.Attempt) {
		fmt.Println(a.Event.ID, a.Result)
		stop()
	}}
	err = store.Consumer(consumer).Run(running, event.HandlerFunc(func(context.Context, *event.Event) error {
		return event.Permanent(errors.New("no such lock"))
	}))
	if err != nil {
		log.Fatal(err)
	}

	// Those of tomorrow know the lock.
	retryAll(ctx, store.Store, event.HandlerFunc(func(_ context.Context, e *event.Event) error {
		fmt.Println(e.ID, "handled")
		return nil
	}))
	// Output:
	// 1 buried
	// 1 failed with: no such lock
	// 1 handled
}

// retryAll runs all dead letters again, the oldest first. One that fails again stays.
func retryAll(ctx context.Context, store *durable.Store, events event.Handler) {
	for l, err := range store.EachDead(ctx, durable.DeadFilter{}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(l.Number, "failed with:", l.Error)
		if err := store.RetryDead(ctx, l.Number, events); err != nil {
			log.Print(err)
		}
	}
}
