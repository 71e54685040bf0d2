package accesshook_test

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/verify"
)

// A service that answers first and handles events later. At a signal it finishes the
// requests that it has, then the events in its queue.
func Example_gracefulShutdown() {
	// A service stops at a signal:
	//
	//	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()

	events := event.NewMux()
	events.HandleFunc(event.LockUnlocked, func(_ context.Context, e *event.Event) error {
		<-ctx.Done() // work that takes until after the signal
		fmt.Println("handled", e.Lock.Name)
		return nil
	})
	retry := event.Retry(event.RetryConfig{})
	dedupe := event.Dedupe(event.DedupeConfig{})
	queue := event.NewQueue(retry(dedupe(events)), event.QueueConfig{})

	hook, err := unloc.New(unloc.Config{Credentials: []verify.Credential{verify.NewCredential("unloc", gatePassword)}})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/webhooks/unloc", hook.Handler(queue))
	server := &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      45 * time.Second,
		IdleTimeout:       time.Minute,
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0") // a service sets Server.Addr instead
	if err != nil {
		log.Fatal(err)
	}
	go server.Serve(listener)

	unlock("http://" + listener.Addr().String() + "/webhooks/unloc")
	stop() // the signal
	<-ctx.Done()

	grace, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	fmt.Println("server:", server.Shutdown(grace)) // first: no new events
	left, err := queue.Shutdown(grace)             // then: those that were answered
	for _, e := range left {
		log.Println("not handled, save it:", e)
	}
	fmt.Println("queue:", err)
	// Unordered output:
	// answered 200
	// handled Front door
	// server: <nil>
	// queue: <nil>
}

const gatePassword = "Zk3v9LwQ7cR4mT0pqu2x"

// unlock plays the vendor.
func unlock(url string) {
	r, err := unloc.NewRequest(context.Background(), url, "unloc", gatePassword, &unloc.AccessEvent{ID: "e-1", Action: "unlocked", LockName: "Front door"})
	if err != nil {
		log.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		log.Fatal(err)
	}
	res.Body.Close()
	fmt.Println("answered", res.StatusCode)
}
