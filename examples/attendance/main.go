// Command attendance makes timesheets of UserLock's sessions: a CSV file for each day with
// the hours that each user was logged on, and not locked or disconnected.
package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
	_ "time/tzdata" // for systems without time zones

	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
	"github.com/accesshook/accesshook/userlock"
	"github.com/accesshook/accesshook/verify"
)

const (
	openDays  = 7  // so many days after it has ended, a day's timesheet is final
	writeDays = 14 // so many days back timesheets are written again, after a pause of the service too
	keepDays  = 35 // so many days after it came, an event is deleted
)

// An attendance computes timesheets from the set of events in its store. It has no other
// state: it does not matter in which order they came, how often, or what was restarted.
type attendance struct {
	dir      string // of the CSV files
	store    *embedded.Store
	zone     *time.Location // whose midnight ends a day
	workday  time.Duration  // more is overtime
	now      func() time.Time
	endpoint verify.Config // what all endpoints can have, such as a list of addresses
}

func main() {
	demo := flag.Bool("demo", false, "print the timesheets of sample events")
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
	zone, err2 := time.LoadLocation(cmp.Or(os.Getenv("ATTENDANCE_ZONE"), "Local"))
	workday, err3 := time.ParseDuration(cmp.Or(os.Getenv("ATTENDANCE_WORKDAY"), "8h"))
	switch {
	case err1 != nil:
		return err1
	case err2 != nil:
		return fmt.Errorf("ATTENDANCE_ZONE: %w", err2)
	case err3 != nil || workday < 0:
		return errors.New("ATTENDANCE_WORKDAY is not a duration such as 7h30m")
	}
	a := &attendance{dir: cmp.Or(os.Getenv("ATTENDANCE_DIR"), "timesheets"), zone: zone, workday: workday, now: time.Now}
	for _, warning := range ids.Warnings {
		slog.Warn(warning)
	}
	handler, err := a.open(ctx, ids.Secrets)
	if err != nil {
		return fmt.Errorf("USERLOCK_IDS, ATTENDANCE_DIR: %w", err)
	}
	go a.writeHourly(ctx)
	return a.serve(ctx, &http.Server{Addr: cmp.Or(os.Getenv("ATTENDANCE_ADDR"), "127.0.0.1:8080"), Handler: handler}, nil)
}

// open opens the store, and returns what serves UserLock.
func (a *attendance) open(ctx context.Context, ids []event.Secret) (http.Handler, error) {
	hook, err := userlock.New(userlock.Config{IDs: ids, Location: a.zone, Endpoint: a.endpoint})
	if err != nil {
		return nil, err
	}
	a.store, err = embedded.Open(ctx, embedded.Config{Dir: filepath.Join(a.dir, "events"), Config: durable.Config{
		Payloads:  cloudevent.Payloads{userlock.Vendor: userlock.Decode},
		Retention: keepDays * 24 * time.Hour,
	}})
	if err != nil {
		return nil, err
	}
	sessions := event.NewMux()
	sessions.HandleFunc("session.*", a.noteLate)
	sessions.Handle("session.*", a.store) // and nothing else is stored
	mux := http.NewServeMux()
	mux.Handle("/webhooks/userlock", hook.Handler(sessions))
	return mux, nil
}

// serve serves until ctx is done, and closes the store. A nil l is made from s.Addr.
func (a *attendance) serve(ctx context.Context, s *http.Server, l net.Listener) error {
	s.ReadHeaderTimeout, s.ReadTimeout, s.WriteTimeout, s.IdleTimeout = 5*time.Second, 15*time.Second, 45*time.Second, time.Minute
	nothing := event.NewMux() // to do with single events: write reads all of them
	return durable.ServeConfig{Server: s, Listener: l, Store: a.store, Events: nothing}.Serve(ctx)
}

func (a *attendance) writeHourly(ctx context.Context) {
	for hour := time.Tick(time.Hour); ctx.Err() == nil; {
		if err := a.write(ctx); err != nil {
			slog.Error("timesheets not written", "error", err)
		}
		select {
		case <-hour:
		case <-ctx.Done():
		}
	}
}

// late reports whether e came after the timesheet of its day was final.
func (a *attendance) late(e *event.Event) bool {
	return !e.Received.Before(endOfDay(e.Time.In(a.zone)).AddDate(0, 0, openDays))
}

func (a *attendance) noteLate(_ context.Context, e *event.Event) error {
	if a.late(e) {
		slog.Warn("event does not count: the timesheet of its day is final", "event", e)
	}
	return nil
}

// write writes the timesheets of the last days.
func (a *attendance) write(ctx context.Context) error {
	var marks []mark
	err := a.store.Replay(ctx, time.Unix(0, 0), time.Time{}, durable.Filter{}, event.HandlerFunc(func(_ context.Context, e *event.Event) error {
		if m, ok := markOf(e, a.zone); ok && !a.late(e) {
			marks = append(marks, m)
		}
		return nil
	}))
	if err != nil {
		return err // rather than files from a part of the events
	}
	if len(marks) == 0 {
		return nil // files of a store that is gone stay as they are
	}
	sheets, now := timesheets(marks), a.now().In(a.zone)
	for ago := 1; ago <= writeDays; ago++ {
		day := now.AddDate(0, 0, -ago).Format(time.DateOnly)
		_, missing := os.Stat(a.file(day))
		if sheets[day] != nil || missing == nil { // a late event can take all hours from a day
			err = errors.Join(err, a.writeFile(day, sheets[day]))
		}
	}
	return err
}

func (a *attendance) file(day string) string { return filepath.Join(a.dir, day+".csv") }

// writeFile writes a file as a whole: readers see the old one or the new one.
func (a *attendance) writeFile(day string, sheet map[string]*row) error {
	records := [][]string{{"user", "day", "hours", "overtime", "notes"}}
	for _, user := range slices.Sorted(maps.Keys(sheet)) {
		r := sheet[user]
		slices.Sort(r.notes)
		hours := func(d time.Duration) string { return fmt.Sprintf("%.2f", max(0, d).Hours()) }
		records = append(records, []string{cell(user), day, hours(r.worked), hours(r.worked - a.workday), strings.Join(slices.Compact(r.notes), ", ")})
	}
	var b bytes.Buffer
	if err := csv.NewWriter(&b).WriteAll(records); err != nil {
		return err
	}
	name := a.file(day)
	if err := os.WriteFile(name+".new", b.Bytes(), 0o600); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}

// cell keeps a spreadsheet from taking a name for a formula.
func cell(text string) string {
	if strings.IndexAny(text, "=+-@\t\r\n") == 0 {
		return "'" + text
	}
	return text
}
