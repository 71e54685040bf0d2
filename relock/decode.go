package relock

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/convert"
	"github.com/accesshook/accesshook/internal/jsonbody"
)

// kinds is Relock's list of events. A name that is not in it is Unknown.
var kinds = map[string]kind{
	"authentication.success": {event.AuthenticationSucceeded, start[AuthenticationSucceeded]},
	"authentication.failed":  {event.AuthenticationFailed, start[AuthenticationFailed]},
	"device.registered":      {event.DeviceRegistered, start[DeviceRegistered]},
	"device.revoked":         {event.DeviceRevoked, start[DeviceRevoked]},
	"session.created":        {event.SessionStarted, start[SessionCreated]},
	"session.ended":          {event.SessionEnded, start[SessionEnded]},
	"security.alert":         {event.SecurityAlert, start[SecurityAlert]},
}

var unknown = kind{event.Unknown, start[Unknown]}

type kind struct {
	typ   event.Type
	start func() (*event.Event, payload)
}

func kindOf(name string) kind {
	if k, ok := kinds[name]; ok {
		return k
	}
	return unknown
}

// start makes an event and its payload in one piece of memory.
func start[T any, P interface {
	*T
	payload
}]() (*event.Event, payload) {
	both := new(struct {
		event   event.Event
		payload T
	})
	return &both.event, P(&both.payload)
}

// payload is what all payload structs can do.
type payload interface {
	member(r *jsonbody.Reader)                   // takes one member of data
	envelope(members map[string]json.RawMessage) // takes those beside it
	describe(e *event.Event)
}

func (r *Rest) envelope(members map[string]json.RawMessage) { r.Envelope = members }

// Decode turns a body of Relock's into an event, with a pointer to one of this
// package's payload structs. It does not verify anything. Event.ID is the
// lower-case hex SHA-256 of body.
//
// An unknown event, unknown members and members of other types than documented
// are no errors; a body that is not a JSON object is one.
func Decode(body []byte) (*event.Event, error) {
	r, err := jsonbody.NewReader(body)
	if err != nil {
		return nil, fmt.Errorf("relock: %w", err)
	}
	var (
		name string
		k    = unknown
		e    *event.Event
		p    payload
		data int // where data is
		rest map[string]json.RawMessage
	)
	if r.Object() {
		for r.Next() {
			switch r.Name() {
			case "event":
				name = r.String()
				k, p = kindOf(name), nil
			case "data":
				data = r.Here()
				if name == "" {
					r.Skip()
					continue
				}
				e, p = k.start()
				read(p, r)
			default:
				r.Keep(&rest)
			}
		}
	}
	if p == nil { // there is no data, or it came before the name
		e, p = k.start()
		if data != 0 {
			r.Back(data)
			read(p, r)
		}
	}
	p.envelope(rest)
	e.ID = convert.ID(body)
	e.Vendor, e.Source = Vendor, Vendor
	e.Type, e.VendorType = k.typ, name
	e.Outcome, e.Severity = k.typ.Outcome(), k.typ.Severity()
	e.Payload, e.Warnings = p, r.Warnings()
	p.describe(e)
	return e, nil
}

func read(p payload, r *jsonbody.Reader) {
	if r.Object() {
		for r.Next() {
			p.member(r)
		}
	}
}

func location(l *Location) event.Location {
	return event.Location{
		Country: l.Country, CountryCode: convert.CountryCode(l.Country), City: l.City, Timezone: l.Timezone,
	}
}

func client(address, userAgent string) event.Client {
	return event.Client{Address: convert.Address(address), UserAgent: userAgent}
}

func (p *AuthenticationSucceeded) describe(e *event.Event) {
	e.Time = p.Timestamp
	e.User.ID, e.Session.ID, e.Device.ID = p.UserID, p.SessionID, p.DeviceID
	e.Client, e.Location = client(p.IPAddress, p.UserAgent), location(&p.Location)
}

func (p *AuthenticationFailed) describe(e *event.Event) {
	e.Time = p.Timestamp
	e.User.ID, e.Session.ID, e.Reason = p.UserID, p.SessionID, p.Reason
	e.Client, e.Location = client(p.IPAddress, p.UserAgent), location(&p.Location)
}

func (p *DeviceRegistered) describe(e *event.Event) {
	e.Time = p.Timestamp
	e.User.ID = p.UserID
	e.Device = event.Device{
		ID:   p.DeviceID,
		Name: p.DeviceInfo.Name, Type: p.DeviceInfo.Type, OS: p.DeviceInfo.OS, Browser: p.DeviceInfo.Browser,
	}
	e.Client, e.Location = client(p.IPAddress, ""), location(&p.Location)
}

func (p *DeviceRevoked) describe(e *event.Event) {
	e.Time = p.Timestamp
	e.User.ID, e.Device.ID, e.Reason = p.UserID, p.DeviceID, p.Reason
}

func (p *SessionCreated) describe(e *event.Event) {
	e.Time = p.Timestamp
	e.User.ID, e.Device.ID = p.UserID, p.DeviceID
	e.Session = event.Session{ID: p.SessionID, Expires: p.ExpiresAt}
	e.Client = client(p.IPAddress, p.UserAgent)
}

func (p *SessionEnded) describe(e *event.Event) {
	e.Time = p.Timestamp
	e.User.ID, e.Device.ID, e.Reason = p.UserID, p.DeviceID, p.Reason
	e.Session.ID = p.SessionID
	if p.Duration >= 0 && p.Duration <= longest {
		e.Session.Duration = time.Duration(p.Duration) * time.Second
	}
}

// longest is how many seconds a time.Duration holds.
const longest = int64(1<<63-1) / int64(time.Second)

func (p *SecurityAlert) describe(e *event.Event) {
	e.Time = p.Timestamp
	e.User.ID, e.Reason = p.UserID, p.Description
	if p.Severity != "" {
		e.Severity, _ = event.ParseSeverity(p.Severity) // unknown if it is a new one
	}
	e.Client, e.Location = client(p.IPAddress, ""), location(&p.Location)
}

func (p *Unknown) describe(e *event.Event) {
	p.Event = e.VendorType
	e.Time = p.Timestamp
	e.User.ID, e.Session.ID, e.Device.ID = p.UserID, p.SessionID, p.DeviceID
	e.Client, e.Location = client(p.IPAddress, p.UserAgent), location(&p.Location)
}

// EventTypes returns what each of Relock's events is in the shared vocabulary: the
// seven that its page documents. Names that are not in it are [event.Unknown].
func EventTypes() map[string]event.Type {
	types := make(map[string]event.Type, len(kinds))
	for name, k := range kinds {
		types[name] = k.typ
	}
	return types
}
