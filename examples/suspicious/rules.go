package main

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/accesshook/accesshook/event"
)

// Types of the events that the rules pass on. Their User.Name is the account in the
// directory, in lower case, and their Reason says why.
const (
	suspicious event.Type = "account.suspicious"
	// watched is what says too little to disable anybody.
	watched event.Type = "account.watched"
)

// rules is an event.Handler that passes on what is suspicious.
//
// Refused logons alone are not: whoever knows a name can cause them. They count together
// with a logon that succeeds from an address from which the user never logged on before.
type rules struct {
	window       time.Duration
	ofUser       int
	fromAddress  int
	refusedAlone bool
	learn        time.Duration
	domain       string
	accounts     map[string]string // by vendor and User.Key
	next         event.Handler

	mu        sync.Mutex
	users     tally // refused logons by account
	addresses tally // refused logons by network
	learned   map[string]*learned
	path      string // of the file with learned
	changed   bool
}

// learnLogons is how many logons of a user only teach, at least. It keeps one event with a
// wrong time from ending the time of learning.
const learnLogons = 10

func (r *rules) HandleEvent(ctx context.Context, e *event.Event) error {
	account, address := r.account(e), network(e.Client.Address)
	r.mu.Lock()
	t, why := r.judge(e, account, address)
	if t == "" {
		r.remember(e, account, address) // before another event is judged
	}
	r.mu.Unlock()
	if t == "" {
		return nil
	}
	// Only what the audit line needs, and so without the payload.
	err := r.next.HandleEvent(ctx, &event.Event{
		ID: e.ID, Vendor: e.Vendor, Source: e.Source, VendorType: e.VendorType, Time: e.Time, Received: e.Received,
		Type: t, Severity: event.SeverityHigh, Reason: why,
		User: event.User{Name: account}, Client: event.Client{Address: e.Client.Address}, Location: e.Location,
	})
	if err == nil && e.Type == event.AuthenticationFailed { // but an intruder teaches nothing
		r.mu.Lock()
		r.remember(e, account, address)
		r.mu.Unlock()
	}
	return err
}

// judge says what e is together with what is remembered. An empty type: nothing. Hold r.mu.
func (r *rules) judge(e *event.Event, account, address string) (t event.Type, why string) {
	when := happened(e)
	switch {
	case e.Type == event.SecurityAlert && e.Severity >= event.SeverityHigh:
		return suspicious, fmt.Sprintf("security.alert of severity %s about %s %.256q", e.Severity, e.Vendor, e.User.Key())
	case account == "":
		return "", ""
	case e.Type == event.AuthenticationFailed:
		if !r.users.completes(account, when) {
			return "", ""
		}
		if t = watched; r.refusedAlone {
			t = suspicious
		}
		return t, fmt.Sprintf("%d refused logons of the user within %s", r.ofUser, r.window)
	case !logon(e):
		return "", ""
	}
	known := r.learned[account]
	if known == nil || known.Logons < learnLogons || when.Sub(known.First) < r.learn {
		return "", ""
	}
	if c := e.Location.CountryCode; c != "" && len(known.Countries) > 0 && !slices.Contains(known.Countries, c) {
		return suspicious, "first logon from the country " + c
	}
	if address == "" || slices.Contains(known.Addresses, address) {
		return "", ""
	}
	const then = "%d refused logons %s within %s, then a logon from an address that is new for the user"
	if n := r.users.near(account, when); n >= r.ofUser {
		return suspicious, fmt.Sprintf(then, n, "of the user", r.window)
	}
	if n := r.addresses.near(address, when); n >= r.fromAddress {
		return suspicious, fmt.Sprintf(then, n, "from its address", r.window)
	}
	return "", ""
}

// remember counts a refused logon, and learns from a logon. Hold r.mu.
func (r *rules) remember(e *event.Event, account, address string) {
	when := happened(e)
	switch {
	case e.Type == event.AuthenticationFailed:
		// An address that has been refused often brings no new name into a table that is
		// half full: names are chosen by whoever is refused, and must not fill it. All
		// events without an address count as one.
		many := len(r.users.entries) >= maxKeys/2 && r.addresses.near(address, when) >= r.fromAddress
		r.addresses.add(address, when, e.Received, true)
		if account != "" {
			r.users.add(account, when, e.Received, !many)
		}
	case logon(e) && account != "":
		r.changed = true
		known := r.learned[account]
		if known == nil {
			if len(r.learned) >= maxLearned {
				return
			}
			known = &learned{First: when}
			r.learned[account] = known
		}
		known.add(when, e.Location.CountryCode, address)
	}
}

func logon(e *event.Event) bool {
	return e.Type == event.SessionStarted || e.Type == event.SessionReconnected || e.Type == event.AuthenticationSucceeded
}

// happened is when e happened, which is not after it was received, whatever the clock of
// its sender says.
func happened(e *event.Event) time.Time {
	if e.Time.After(e.Received) {
		return e.Received
	}
	return e.Time
}

// network is the address itself, or of IPv6 the /64: one client has all of it.
func network(a netip.Addr) string {
	if a.Is6() {
		p, _ := a.Prefix(64)
		return p.String()
	}
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// account returns the account in the directory that e is about, or "". An e-mail address
// says nothing: a customer of LoginRadius may claim any. Nor does the name of a local
// account of a computer, which may be that of somebody else in the domain.
func (r *rules) account(e *event.Event) string {
	name, ok := r.accounts[e.Vendor+" "+e.User.Key()]
	if !ok && e.Vendor == "userlock" && r.domain != "" && strings.EqualFold(e.User.Domain, r.domain) {
		name = e.User.Name
	}
	if len(name) > 256 || strings.ContainsFunc(name, func(c rune) bool { return !unicode.IsPrint(c) }) {
		return ""
	}
	return strings.ToLower(name)
}
