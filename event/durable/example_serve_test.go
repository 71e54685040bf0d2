package durable_test

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
	"github.com/accesshook/accesshook/relock"
)

const webhookSecret = "from-the-page-of-the-webhook"

// A service that stores events in a directory before it answers, handles them from
// there, and stops in the right order.
func Example() {
	// A service stops at a signal: signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM).
	ctx, stop := context.WithCancel(context.Background())
	defer stop()

	dir, err := os.MkdirTemp("", "events") // a service keeps its directory
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	store, err := embedded.Open(ctx, embedded.Config{
		Dir:    dir,
		Config: durable.Config{Payloads: cloudevent.Payloads{relock.Vendor: relock.Decode}},
	})
	if err != nil {
		log.Fatal(err)
	}

	hook, err := relock.New(relock.Config{Secrets: event.Secrets(webhookSecret)})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/webhooks/relock", hook.Handler(store)) // 200 once the store has the event

	events := event.NewMux()
	event.On(events, func(_ context.Context, e *event.Event, p *relock.SessionEnded) error {
		fmt.Println(e.Type, e.User.ID, p.Reason)
		stop() // a service goes on
		return nil
	})

	listener, err := net.Listen("tcp", "127.0.0.1:0") // a service sets Server.Addr instead
	if err != nil {
		log.Fatal(err)
	}
	go sendAsRelock("http://" + listener.Addr().String() + "/webhooks/relock")

	err = durable.ServeConfig{
		Server:   &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, WriteTimeout: time.Minute},
		Listener: listener,
		Store:    store,
		Events:   events,
	}.Serve(ctx)
	fmt.Println("stopped, error:", err)
	// Output:
	// session.ended u-ada user_logout
	// stopped, error: <nil>
}

// sendAsRelock plays the vendor.
func sendAsRelock(url string) {
	r, err := relock.NewRequest(context.Background(), url, webhookSecret, &relock.SessionEnded{UserID: "u-ada", Reason: "user_logout"})
	if err != nil {
		log.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		log.Fatal(err)
	}
	res.Body.Close()
}
