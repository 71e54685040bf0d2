package relock

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/address"
	"github.com/accesshook/accesshook/internal/country"
	"github.com/accesshook/accesshook/internal/eventid"
	"github.com/accesshook/accesshook/internal/jsonbody"
)

// kinds are the events that Relock's page documents.
var kinds = map[string]kind{
	"authentication.success": {event.AuthenticationSucceeded, start[AuthenticationSucceeded]},
	"authentication.failed":  {event.AuthenticationFailed, start[AuthenticationFailed]},
	"device.registered":      {event.DeviceRegistered, start[DeviceRegistered]},
	"device.revoked":         {event.DeviceRevoked, start[DeviceRevoked]},
	"session.created":        {event.SessionStarted, start[SessionCreated]},
	"session.ended":          {event.SessionEnded, start[SessionEnded]},
	"security.alert":         {event.SecurityAlert, start[SecurityAlert]},
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

type kind struct {
	typ   event.Type
	start func() (*event.Event, payload)
}

// kindOf takes a name in any letter case.
func kindOf(name string) kind {
	if k, ok := kinds[name]; ok {
		return k
	}
	if k, ok := kinds[strings.ToLower(strings.TrimSpace(name))]; ok {
		return k
	}
	return kind{event.Unknown, start[Unknown]}
}

// start allocates an event and its payload together.
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

// A payload is a pointer to one of this package's payload structs.
type payload interface {
	json.Marshaler
	rest() *Rest
	describe(e *event.Event) // fills in what e tells in the shared vocabulary
}

// An envelope is the body. What data is depends on event, which may come later.
type envelope struct {
	Event string                     `json:"event,omitzero"`
	Data  jsonbody.Place             `json:"data,omitzero"`
	Extra map[string]json.RawMessage `json:",embed"`
}

var envelopes = sync.Pool{New: func() any { return new(envelope) }}

func readEnvelope(r *jsonbody.Reader) envelope {
	p := envelopes.Get().(*envelope)
	r.Read(p)
	env := *p
	*p = envelope{} // the pool keeps nothing of a body
	envelopes.Put(p)
	return env
}

// Decode returns the event in a body of Relock's. Its Payload is a pointer to one of
// this package's payload structs, and its ID the lower-case hex SHA-256 of body.
// Decode verifies nothing: that is what [New] is for.
//
// An unknown event, unknown members and values of other types than documented are no
// errors: see [verify.Unmarshal] for how they are read. A body that is no JSON object
// is one.
func Decode(body []byte) (*event.Event, error) {
	r, err := jsonbody.Open(body)
	if err != nil {
		return nil, fmt.Errorf("relock: %w", err)
	}
	defer r.Close()
	r.Grow(eventid.Size)
	env := readEnvelope(r)
	k := kindOf(env.Event)
	e, p := k.start()
	rest := p.rest()
	rest.Envelope = env.Extra
	switch {
	case env.Data != 0:
		r.Back(env.Data)
		if r.Read(p) == jsonbody.Misfit {
			r.Back(env.Data)
			r.Keep(&rest.Envelope, "data")
		}
	case env.Event == "":
		r.Warn(0, "event and data", "neither")
	}
	var id [eventid.Size]byte
	e.ID = r.String(eventid.Append(id[:0], body))
	e.Vendor, e.Source = Vendor, Vendor
	e.Type, e.VendorType = k.typ, env.Event
	e.Outcome, e.Severity = k.typ.Outcome(), k.typ.Severity()
	e.Payload, e.Warnings = p, r.Warnings()
	p.describe(e)
	return e, nil
}

// locate fills in where the client was.
func locate(e *event.Event, ip, userAgent string, l *Location) {
	addr, status := address.Parse(ip)
	switch status {
	case address.Unreadable:
		e.Warnings = jsonbody.Warn(e.Warnings, "/data/ipAddress", "IP address", "string")
	case address.First:
		e.Warnings = jsonbody.Warn(e.Warnings, "/data/ipAddress", "one IP address", "list")
	}
	e.Client = event.Client{Address: addr, UserAgent: userAgent}
	e.Location = event.Location{
		Country: l.Country, CountryCode: country.Code(l.Country), City: l.City, Timezone: l.Timezone,
	}
}

func (p *AuthenticationSucceeded) describe(e *event.Event) {
	e.Time = p.Timestamp
	e.User.ID, e.Session.ID, e.Device.ID = p.UserID, p.SessionID, p.DeviceID
	locate(e, p.IPAddress, p.UserAgent, &p.Location)
}

func (p *AuthenticationFailed) describe(e *event.Event) {
	e.Time = p.Timestamp
	e.User.ID, e.Session.ID, e.Reason = p.UserID, p.SessionID, p.Reason
	locate(e, p.IPAddress, p.UserAgent, &p.Location)
}

func (p *DeviceRegistered) describe(e *event.Event) {
	e.Time = p.Timestamp
	e.User.ID = p.UserID
	e.Device = event.Device{
		ID:   p.DeviceID,
		Name: p.DeviceInfo.Name, Type: p.DeviceInfo.Type, OS: p.DeviceInfo.OS, Browser: p.DeviceInfo.Browser,
	}
	locate(e, p.IPAddress, "", &p.Location)
}

func (p *DeviceRevoked) describe(e *event.Event) {
	e.Time = p.Timestamp
	e.User.ID, e.Device.ID, e.Reason = p.UserID, p.DeviceID, p.Reason
}

func (p *SessionCreated) describe(e *event.Event) {
	e.Time = p.Timestamp
	e.User.ID, e.Device.ID = p.UserID, p.DeviceID
	e.Session = event.Session{ID: p.SessionID, Expires: p.ExpiresAt}
	locate(e, p.IPAddress, p.UserAgent, &Location{})
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
	if s, ok := event.ParseSeverity(p.Severity); ok && s != event.SeverityUnknown {
		e.Severity = s
	}
	locate(e, p.IPAddress, "", &p.Location)
}

func (p *Unknown) describe(e *event.Event) {
	p.Event = e.VendorType
	e.Time = p.Timestamp
	e.User.ID, e.Session.ID, e.Device.ID = p.UserID, p.SessionID, p.DeviceID
	locate(e, p.IPAddress, p.UserAgent, &p.Location)
}
