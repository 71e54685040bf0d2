package durable_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/nats-io/nats.go"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
	"github.com/accesshook/accesshook/relock"
)

// One process, with nothing to install: the store is a directory.
func Example() {
	dir, err := os.MkdirTemp("", "events")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	ctx, cancel := context.WithCancel(context.Background())
	store, err := embedded.Open(ctx, embedded.Config{
		Dir:    dir,
		Config: durable.Config{Payloads: cloudevent.Payloads{relock.Vendor: relock.Decode}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()

	hook, err := relock.New(relock.Config{Secrets: event.Secrets("whsec_of_this_example")})
	if err != nil {
		log.Fatal(err)
	}
	http.Handle("/webhooks/relock", hook.Handler(store)) // 200 once the store has it

	// Here an event comes without a request.
	e, err := hook.Decode([]byte(`{"event":"session.ended","data":{"userId":"u-ada","reason":"user_logout"}}`))
	if err != nil {
		log.Fatal(err)
	}
	if err := store.HandleEvent(ctx, e); err != nil {
		log.Fatal(err)
	}

	events := event.NewMux()
	event.On(events, func(_ context.Context, e *event.Event, p *relock.SessionEnded) error {
		fmt.Println(e.Type, e.User.ID, p.Reason)
		cancel() // a service goes on until it is told to stop
		return nil
	})
	if err := store.Run(ctx, events); err != nil {
		log.Fatal(err)
	}
	// Output: session.ended u-ada user_logout
}

// The same on a NATS cluster that others run.
func ExampleConnect() {
	ctx := context.Background()
	nc, err := nats.Connect("tls://nats.example.com", nats.MaxReconnects(-1), nats.UserCredentials("accesshook.creds"))
	if err != nil {
		log.Fatal(err)
	}
	defer nc.Close()
	store, err := durable.Connect(ctx, nc, durable.Config{
		Payloads: cloudevent.Payloads{relock.Vendor: relock.Decode},
		Replicas: 3,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()

	events := event.NewMux()
	if err := store.Consumer(durable.Consumer{Name: "siem", Workers: 4}).Run(ctx, events); err != nil {
		log.Fatal(err)
	}
}

// Dead letters are run again once what made them fail is mended.
func ExampleStore_DeadLetters() {
	retryAll := func(ctx context.Context, store *durable.Store, events event.Handler) error {
		for after := uint64(0); ; {
			letters, err := store.DeadLetters(ctx, after, 100)
			if err != nil || len(letters) == 0 {
				return err
			}
			for _, l := range letters {
				after = l.Number
				if err := store.RetryDead(ctx, l.Number, events); err != nil {
					log.Printf("dead letter %d of %s fails again: %v", l.Number, l.Stored, err)
				}
			}
		}
	}
	_ = retryAll
}
