package userlock

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/address"
	"github.com/accesshook/accesshook/internal/country"
	"github.com/accesshook/accesshook/internal/eventid"
	"github.com/accesshook/accesshook/internal/jsonbody"
	"github.com/accesshook/accesshook/internal/timestamp"
)

// Decode turns a notification into an event with a *[Notification]. It verifies
// nothing, and reads times without a zone as UTC. Use [verify.Endpoint.Decode] if you
// have an endpoint: it knows your IDs, aliases, time zone and layouts.
//
// Decode masks the UserLock ID. It does not know which GUID is the ID, so it takes
// every GUID in a field that is named like an ID or has an unknown name, and keeps
// none of them in Extra. Event.ID is the lower-case hex SHA-256 of the body without
// those in fields that are named like an ID, quotes included; if there are none,
// without all of them. An encoded Notification has its ID masked already, and keeps
// other GUIDs.
//
// A body that is not a JSON object is an error. Everything else becomes an event, with
// warnings for what was converted or did not fit.
func Decode(body []byte) (*event.Event, error) {
	return (&decoder{names: known}).decode(nil, body)
}

// A decoder is how the bodies of an endpoint are decoded.
type decoder struct {
	names names
	times timestamp.Format
}

// decode decodes a body in which no verifier has found a UserLock ID. It may have one:
// of a server that is not known here, or known to a verifier that does not tell.
func (d *decoder) decode(_ http.Header, body []byte) (*event.Event, error) {
	r, err := jsonbody.Open(body)
	if err != nil {
		return nil, fmt.Errorf("userlock: %w", err)
	}
	defer r.Close()
	e := d.event(r, d.guess(r))
	e.ID = eventid.Without(body, r.Marked())
	return e, nil
}

// walk decodes a body in which a verifier has marked the UserLock IDs.
func (d *decoder) walk(r *jsonbody.Reader) *event.Event { return d.event(r, false) }

// event makes an event without an ID.
func (d *decoder) event(r *jsonbody.Reader, foreign bool) *event.Event {
	r.SetTimes(d.times)
	both := new(struct { // one piece of memory
		event event.Event
		n     Notification
	})
	e, n := &both.event, &both.n
	m := members{decoder: d, r: r, n: n, foreign: foreign}
	m.read()
	if !m.found {
		r.Warn(0, "EventType", "none")
	}
	e.Vendor, e.Source = Vendor, Vendor
	e.Payload = n
	describe(e, n)
	if n.ClientAddress != "" {
		e.Client.Address, e.Client.MAC = addresses(n.ClientAddress, func(want, got string) {
			r.Warn(m.taken[clientAddress].at, want, got)
		})
	}
	e.Warnings = r.Warnings()
	return e
}

func describe(e *event.Event, n *Notification) {
	c := codeOf(n.EventType)
	e.Type, e.VendorType = c.typ, string(n.EventType)
	e.Outcome, e.Severity = c.typ.Outcome(), c.typ.Severity()
	e.Time = n.EventTime
	e.Reason = c.reason
	if e.Reason == "" {
		e.Reason = string(n.LogonInfo)
	}
	e.User = event.User{Name: n.UserAccount, Domain: n.UserDomain, FullName: n.UserFullName}
	if domain, user, ok := strings.Cut(n.UserAccount, `\`); ok {
		e.User.Name = user
		if e.User.Domain == "" {
			e.User.Domain = domain
		}
	}
	e.Session = event.Session{ID: string(n.SessionID), Type: string(n.SessionType)}
	if e.Session.Type == "" {
		e.Session.Type = c.session
	}
	e.Device.Name = n.ComputerName
	e.Client.Name = n.ClientName
	e.Location = event.Location{Country: n.Country, CountryCode: country.Code(n.Country)}
}

// addresses reads what may be an IP address or the address of a network card.
func addresses(text string, warn func(want, got string)) (ip netip.Addr, mac string) {
	ip, status := address.Parse(text)
	switch status {
	case address.First:
		warn("one IP address", "list")
	case address.Unreadable:
		var ok bool
		if mac, ok = address.MAC(text); !ok {
			warn("IP or MAC address", "string")
		}
	}
	return ip, mac
}
