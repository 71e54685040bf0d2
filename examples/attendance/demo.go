package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/examples/internal/vendors"
	"github.com/accesshook/accesshook/userlock"
)

// sample are four days in Oslo, where clocks were put forward in the night to 29 March.
// The events are in the order in which they came.
var sample = []struct{ at, code, user, session string }{
	{"2026-03-27 17:15", "0", `EXAMPLE\aokoye`, "11"}, // the logoff before the logon
	{"2026-03-27 08:00", "1", `EXAMPLE\aokoye`, "11"},
	{"2026-03-27 12:30", "3", `EXAMPLE\aokoye`, "11"}, // lunch
	{"2026-03-27 12:00", "2", `EXAMPLE\aokoye`, "11"},
	{"2026-03-27 14:00", "5", `EXAMPLE\aokoye`, "12"}, // a terminal session beside the first one
	{"2026-03-27 15:00", "6", `EXAMPLE\aokoye`, "12"},
	{"2026-03-27 09:30", "1", `EXAMPLE\cmoe`, "21"}, // no logoff
	{"2026-03-28 22:00", "1", `EXAMPLE\blund`, "31"},
	{"2026-03-29 06:00", "0", `EXAMPLE\blund`, "31"}, // over midnight, and an hour less
	{"2026-03-27 08:00", "1", `EXAMPLE\aokoye`, "11"},
	{"2026-03-30 08:00", "1", `=HYPERLINK("https://example.com")`, "41"},
	{"2026-03-30 16:00", "0", `=HYPERLINK("https://example.com")`, "41"},
}

// runDemo sends the sample to a service of its own, and prints its files.
func runDemo(ctx context.Context, w io.Writer) error {
	slog.SetLogLoggerLevel(slog.LevelWarn)
	dir, err := os.MkdirTemp("", "attendance")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	zone, err := time.LoadLocation("Europe/Oslo")
	if err != nil {
		return err
	}
	a := &attendance{dir: dir, zone: zone, workday: 8 * time.Hour}
	a.setClock(time.Date(2026, 3, 31, 8, 0, 0, 0, zone))
	id := vendors.RandomGUID()
	handler, err := a.open(ctx, event.Secrets(id))
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return errors.Join(err, a.store.Close())
	}
	serving, stop := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- a.serve(serving, &http.Server{Handler: handler}, l) }()
	err = sendSample(ctx, "http://"+l.Addr().String()+"/webhooks/userlock", id, zone)
	err = errors.Join(err, a.write(ctx))
	stop()
	if err = errors.Join(err, <-served); err != nil {
		return err
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.csv"))
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s\n%s\n", filepath.Base(name), text)
	}
	return nil
}

// setClock makes it the given time, for the events too.
func (a *attendance) setClock(now time.Time) {
	a.now = func() time.Time { return now }
	a.endpoint.Wrap = []func(event.Handler) event.Handler{func(h event.Handler) event.Handler {
		return event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
			e = e.Clone()
			e.Received = now
			return h.HandleEvent(ctx, e)
		})
	}}
}

func sendSample(ctx context.Context, url, id string, zone *time.Location) error {
	for _, s := range sample {
		at, err := time.ParseInLocation("2006-01-02 15:04", s.at, zone)
		if err != nil {
			return err
		}
		r, err := userlock.NewRequest(ctx, url, id, userlock.Notification{
			EventType: event.Text(s.code), EventTime: at, UserAccount: s.user, SessionID: event.Text(s.session), ComputerName: "DESK-" + s.session,
		})
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			return err
		}
		if err := res.Body.Close(); err != nil || res.StatusCode != http.StatusOK {
			return fmt.Errorf("answered %s: %w", res.Status, err)
		}
	}
	return nil
}
