package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/accesshook/accesshook/event"
)

// action disables the accounts of suspicious events. As an event.Handler, an error of it
// means: try again.
type action struct {
	audit     io.Writer // one line of JSON before and after each action, one for each decision not to act
	directory *directory
	act       bool     // or else only say what would be done
	never     []string // accounts that are never disabled
	perHour   int
	pause     time.Duration // after the directory failed

	mu    sync.Mutex           // one action at a time
	acted map[string]time.Time // by account, of the last hour
	path  string               // of the file with acted
	rest  time.Time            // until when the directory is left alone
}

func (a *action) open(dir string) error {
	if a.perHour < 1 {
		return errors.New("-max-per-hour must be positive")
	}
	for _, name := range a.never {
		if strings.ContainsAny(name, `"/\[]:;|=+*?<>@`) { // it is of no account, and would spare nobody
			return fmt.Errorf("-never: %q is not the name of an account without a domain", name)
		}
	}
	a.path = filepath.Join(dir, "acted.json")
	return errors.Join(os.MkdirAll(dir, 0o700), load(a.path, &a.acted))
}

// A record is an audit line.
type record struct {
	Time     time.Time `json:"time"`
	Decision string    `json:"decision"` // nothing, would disable, disabling, disabled, failed
	Account  string    `json:"account"`
	Entry    string    `json:"entry,omitzero"` // its distinguished name
	Why      string    `json:"why"`            // it is suspicious
	Because  string    `json:"because,omitzero"`
	Vendor   string    `json:"vendor"`
	Event    string    `json:"event"` // its ID
	Happened time.Time `json:"happened"`
	Address  string    `json:"address,omitzero"`
	Country  string    `json:"country,omitzero"`
}

func (a *action) HandleEvent(ctx context.Context, e *event.Event) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	line := record{
		Account: e.User.Name, Why: e.Reason, Vendor: e.Vendor, Event: e.ID,
		Happened: e.Time, Country: e.Location.CountryCode,
	}
	if e.Client.Address.IsValid() {
		line.Address = e.Client.Address.String()
	}
	write := func(decision, because string) error {
		line.Time, line.Decision, line.Because = time.Now().UTC(), decision, because
		return json.NewEncoder(a.audit).Encode(line) // an action that leaves no trace is not done
	}
	failed := func(err error) error {
		a.rest = time.Now().Add(a.pause)
		return errors.Join(err, write("failed", err.Error()))
	}

	switch {
	case e.Type == watched:
		return write("nothing", "whoever knows a name can cause refused logons")
	case line.Account == "":
		return write("nothing", "no account of the directory is known for this user")
	case a.spared(line.Account):
		return write("nothing", "the account is on the list of -never")
	case time.Now().Before(a.rest):
		// Not one more attempt to log on with a wrong password for each event.
		return event.Unavailable(errors.New("the directory failed a moment ago"), time.Until(a.rest))
	}
	var session *session
	if a.directory != nil {
		var err error
		if session, err = a.directory.find(ctx, line.Account); err != nil {
			return failed(err)
		}
		defer session.close()
		line.Entry = session.entry
		switch {
		case session.refusal != "":
			return write("nothing", session.refusal)
		case a.spared(session.name):
			return write("nothing", "the account is on the list of -never")
		}
	}
	if ok, err := a.admit(line.Account); err != nil {
		return failed(err)
	} else if !ok {
		return write("nothing", fmt.Sprintf("%d accounts within an hour are the most: somebody should look", a.perHour))
	}
	if !a.act {
		return write("would disable", "")
	}
	if err := write("disabling", ""); err != nil {
		return err
	}
	if err := session.disable(); err != nil {
		return failed(err)
	}
	return write("disabled", "")
}

func (a *action) spared(account string) bool {
	return slices.ContainsFunc(a.never, func(n string) bool { return strings.EqualFold(strings.TrimSpace(n), account) })
}

// admit counts the account, and reports whether it is one of the first of the hour. The
// count is saved before anything is done: a restart begins no new hour.
func (a *action) admit(account string) (bool, error) {
	now := time.Now()
	maps.DeleteFunc(a.acted, func(_ string, at time.Time) bool { return now.Sub(at) >= time.Hour })
	if _, ok := a.acted[account]; ok {
		return true, nil
	}
	if len(a.acted) >= a.perHour {
		return false, nil
	}
	a.acted[account] = now
	if a.path == "" {
		return true, nil
	}
	if err := save(a.path, a.acted); err != nil {
		delete(a.acted, account)
		return false, err
	}
	return true, nil
}
