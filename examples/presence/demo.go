package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/lines"
	"github.com/accesshook/accesshook/examples/internal/vendors"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"
	"github.com/accesshook/accesshook/verify"
)

const samplePlaces = `{
	"accounts": {"+47 900 00 001": "EXAMPLE\\aokoye", "+47 900 00 002": "EXAMPLE\\blund", "+47 900 00 003": "EXAMPLE\\cmoe"},
	"desks": {"DESK-21": "Oslo", "DESK-40": "Bergen"},
	"locks": {"front": "Oslo", "harbour": "Bergen"}
}`

// sample is a day, in the order in which the events came. A code is UserLock's; a door has none.
var sample = []struct{ at, code, who, where string }{
	{"08:00", "1", `EXAMPLE\aokoye`, "DESK-21"},
	{"08:05", "", "+4790000001", "front"},   // at her own place
	{"10:30", "", "+4790000001", "harbour"}, // alert: her key is in Bergen, and she in Oslo
	{"11:00", "1", `EXAMPLE\blund`, "DESK-40"},
	{"11:30", "2", `EXAMPLE\blund`, "DESK-40"},
	{"12:00", "", "+4790000002", "front"}, // he has locked
	{"12:30", "2", `EXAMPLE\aokoye`, "DESK-21"},
	{"13:00", "", "+4790000003", "front"},
	{"12:50", "1", `EXAMPLE\cmoe`, "DESK-40"}, // alert: late, and before the door
	{"10:40", "", "+4790000001", "harbour"},   // alert: later still, when she has locked
	{"12:45", "", "+4790000001", "harbour"},   // she had locked
	{"14:00", "", "+4799999999", "front"},     // a stranger
	{"14:05", "", "+4790000001", "cellar"},    // a lock that is in no place
}

// runDemo sends the sample to a service of its own, which prints its alerts.
func runDemo(ctx context.Context, w io.Writer) error {
	slog.SetLogLoggerLevel(slog.LevelWarn)
	places, err := parsePlaces([]byte(samplePlaces))
	if err != nil {
		return err
	}
	g := newGuard(places, lines.NewWriter(w).WriteLine)
	g.now = func() time.Time { return day(15 * time.Hour) }
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	id, password := vendors.RandomGUID(), rand.Text()
	serving, stop := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() {
		served <- g.serve(serving, l, userlock.Config{IDs: event.Secrets(id)},
			unloc.Config{Credentials: []verify.Credential{verify.NewCredential("demo", password)}})
	}()
	err = sendSample(ctx, "http://"+l.Addr().String(), id, password)
	stop() // alerts of what was accepted still come
	return errors.Join(err, <-served)
}

// day returns a time of the sample's day.
func day(d time.Duration) time.Time { return time.Date(2026, 3, 27, 0, 0, 0, 0, time.UTC).Add(d) }

func sendSample(ctx context.Context, base, id, password string) error {
	for i, s := range sample {
		clock, err := time.Parse("15:04", s.at)
		if err != nil {
			return err
		}
		at := day(time.Duration(clock.Hour())*time.Hour + time.Duration(clock.Minute())*time.Minute)
		var r *http.Request
		if s.code != "" {
			r, err = userlock.NewRequest(ctx, base+"/webhooks/userlock", id, userlock.Notification{
				EventType: event.Text(s.code), EventTime: at, UserAccount: s.who, ComputerName: s.where,
			})
		} else {
			r, err = unloc.NewRequest(ctx, base+"/webhooks/unloc", "demo", password, unloc.AccessEvent{
				ID: fmt.Sprintf("door-%d", i), Action: "unlocked", Created: at, AppUserID: event.Text(s.who), LockID: s.where,
			})
		}
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
