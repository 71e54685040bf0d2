package server_test

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/server"
)

// A service with one vendor, from its start to its end. It has timeouts and bounds, and
// answers what it has accepted before it stops.
func Example() {
	hook, err := relock.New(relock.Config{Secrets: event.Secrets(os.Getenv("RELOCK_SECRETS"))})
	if err != nil {
		log.Print(err)
		return
	}
	events := event.NewMux()
	events.HandleFunc(event.SecurityAlert, func(_ context.Context, e *event.Event) error {
		fmt.Printf("alert for %q\n", e.User.ID)
		return nil
	})

	mux := http.NewServeMux()
	s := server.New(server.Config{Handler: server.CleanPath(mux)})
	mux.Handle("/webhooks/relock", hook.Handler(s.Counted(events)))
	mux.Handle("/", s.NotFound([]string{"/webhooks/relock"}, nil))

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	l, err := net.Listen("tcp", "127.0.0.1:8080")
	if err != nil {
		log.Print(err)
		return
	}
	if err := s.Run(ctx, l); err != nil {
		log.Print(err)
	}
}
