// Command presence raises an alert when a door is opened with the key of somebody who at
// that moment is logged on, and not locked or disconnected, at a desk in another place.
package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"
	_ "time/tzdata" // for systems without time zones

	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/lines"
	"github.com/accesshook/accesshook/server"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"
)

func main() {
	demo := flag.Bool("demo", false, "print the alerts of a sample day")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if *demo {
		err = runDemo(ctx, os.Stdout)
	} else {
		err = runService(ctx)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func runService(ctx context.Context) error {
	ids, err1 := envsecret.Variable{Name: "USERLOCK_IDS"}.Read()
	credentials, err2 := envsecret.Variable{Name: "UNLOC_CREDENTIALS", Pairs: true}.Read()
	places, err3 := readPlaces(cmp.Or(os.Getenv("PRESENCE_PLACES"), "places.json"))
	zone, err4 := time.LoadLocation(cmp.Or(os.Getenv("PRESENCE_ZONE"), "Local"))
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return err
	}
	for _, warning := range slices.Concat(ids.Warnings, credentials.Warnings) {
		slog.Warn(warning)
	}
	send, err := lines.NewWriter(os.Stdout).WriteLine, error(nil)
	if to := os.Getenv("PRESENCE_ALERT_URL"); to != "" {
		if send, err = post(to); err != nil {
			return err
		}
	}
	l, err := net.Listen("tcp", cmp.Or(os.Getenv("PRESENCE_ADDR"), "127.0.0.1:8080"))
	if err != nil {
		return err
	}
	return newGuard(places, send).serve(ctx, l, userlock.Config{IDs: ids.Secrets, Location: zone}, unloc.Config{Credentials: credentials.Credentials})
}

// serve serves until ctx is done. Vendors are answered before their events are judged:
// those of one person in the order in which they came, or a door would be judged before
// the lock of the desk that came earlier.
func (g *guard) serve(ctx context.Context, l net.Listener, ul userlock.Config, un unloc.Config) error {
	defer l.Close()
	logons, err1 := userlock.New(ul)
	doors, err2 := unloc.New(un)
	if err := errors.Join(err1, err2); err != nil {
		return fmt.Errorf("USERLOCK_IDS, UNLOC_CREDENTIALS: %w", err)
	}
	events := event.NewMux()
	events.HandleFunc("session.*", g.session)
	events.HandleFunc(event.LockUnlocked, g.door)
	retry, dedupe := event.Retry(event.RetryConfig{Attempts: 20}), event.Dedupe(event.DedupeConfig{})
	queue := event.NewQueue(retry(dedupe(events)), event.QueueConfig{Key: g.places.person})

	mux := http.NewServeMux()
	mux.Handle("/webhooks/userlock", logons.Handler(queue))
	mux.Handle("/webhooks/unloc", doors.Handler(queue))
	err := server.New(server.Config{Handler: mux}).Run(ctx, l)
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 25*time.Second)
	defer cancel()
	left, err2 := queue.Shutdown(grace)
	for _, e := range left {
		slog.Error("not judged", "event", e)
	}
	return errors.Join(err, err2)
}

// post returns a function that sends alerts to a URL, which may hold a secret.
func post(to string) (func(context.Context, []byte) error, error) {
	if u, err := url.Parse(to); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("PRESENCE_ALERT_URL is not an http or https URL")
	}
	client := &http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return func(ctx context.Context, alert []byte) error {
		r, _ := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(alert)) // the URL is right
		r.Header.Set("Content-Type", "application/json")
		res, err := client.Do(r)
		if e := (*url.Error)(nil); errors.As(err, &e) {
			return e.Err // without the URL
		}
		defer res.Body.Close()
		if res.StatusCode/100 != 2 {
			return fmt.Errorf("an alert was answered %d", res.StatusCode)
		}
		return nil
	}, nil
}
