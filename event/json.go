package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// data is the JSON form of an Event, which package cloudevent writes as the data of
// a CloudEvent. AppendJSON writes it field by field, which is several times as fast
// as by reflection.
type data struct {
	Vendor     string      `json:"vendor"`
	Source     string      `json:"source"`
	Type       Type        `json:"type"`
	VendorType string      `json:"vendorType"`
	Time       jsonTime    `json:"time"`
	Received   jsonTime    `json:"received"`
	Outcome    Outcome     `json:"outcome"`
	Severity   Severity    `json:"severity"`
	Reason     string      `json:"reason"`
	User       User        `json:"user"`
	Session    sessionData `json:"session"`
	Device     Device      `json:"device"`
	Lock       Lock        `json:"lock"`
	Client     clientData  `json:"client"`
	Location   Location    `json:"location"`
	Payload    any         `json:"payload"`
	Warnings   []Warning   `json:"warnings"`
}

type sessionData struct {
	ID       string      `json:"id"`
	Type     string      `json:"type"`
	Expires  jsonTime    `json:"expires"`
	Duration json.Number `json:"duration"` // seconds
}

type clientData struct {
	Address   netip.Addr `json:"address"`
	MAC       string     `json:"mac"`
	Name      string     `json:"name"`
	UserAgent string     `json:"userAgent"`
}

// MarshalJSON writes an event without ID, which the envelope of package cloudevent
// has, Credential and Raw. Secrets are masked, empty fields are left out, times are
// in UTC, and durations are in seconds. A time outside the years 0 to 9999 is an
// error, as it is for [time.Time].
//
// Invisible characters are written as escapes, in the payload as well: control
// characters, DEL and U+0080 to U+009F among them, line separators, and all that turns
// text round or has no width. A terminal or an editor that shows the JSON obeys none of
// them. Who reads the JSON gets the same strings. What is not UTF-8 becomes U+FFFD.
func (e Event) MarshalJSON() ([]byte, error) {
	return e.AppendJSON(make([]byte, 0, 768+len(e.Raw)+len(e.Raw)/4))
}

// AppendJSON appends what MarshalJSON returns to dst. On an error it returns nil.
func (e *Event) AppendJSON(dst []byte) ([]byte, error) {
	w := &dataWriter{b: append(dst, '{')}
	w.text("vendor", e.Vendor)
	w.textIfAny("source", e.Source)
	w.text("type", string(e.Type))
	w.textIfAny("vendorType", e.VendorType)
	w.time("time", e.Time)
	w.time("received", e.Received)
	w.textOf("outcome", e.Outcome.text)
	w.textOf("severity", e.Severity.text)
	w.textIfAny("reason", e.Reason)
	w.object("user", func() {
		w.textIfAny("id", e.User.ID)
		w.textIfAny("name", e.User.Name)
		w.textIfAny("fullName", e.User.FullName)
		w.textIfAny("domain", e.User.Domain)
		w.textIfAny("email", e.User.Email)
		w.textIfAny("phone", e.User.Phone)
	})
	w.object("session", func() {
		w.textIfAny("id", e.Session.ID)
		w.textIfAny("type", e.Session.Type)
		w.time("expires", e.Session.Expires)
		w.duration("duration", e.Session.Duration)
	})
	w.object("device", func() {
		w.textIfAny("id", e.Device.ID)
		w.textIfAny("name", e.Device.Name)
		w.textIfAny("type", e.Device.Type)
		w.textIfAny("os", e.Device.OS)
		w.textIfAny("browser", e.Device.Browser)
	})
	w.object("lock", func() {
		w.textIfAny("id", e.Lock.ID)
		w.textIfAny("name", e.Lock.Name)
		w.textIfAny("keyId", e.Lock.KeyID)
	})
	w.object("client", func() {
		w.address("address", e.Client.Address)
		w.textIfAny("mac", e.Client.MAC)
		w.textIfAny("name", e.Client.Name)
		w.textIfAny("userAgent", e.Client.UserAgent)
	})
	w.object("location", func() {
		w.textIfAny("country", e.Location.Country)
		w.textIfAny("countryCode", e.Location.CountryCode)
		w.textIfAny("city", e.Location.City)
		w.textIfAny("timezone", e.Location.Timezone)
	})
	w.value("payload", e.Payload)
	w.warnings("warnings", e.Warnings)
	return w.end()
}

// UnmarshalJSON reads what MarshalJSON wrote, also if another program has written
// it again with times and numbers in another form. Only the vendor's package knows
// the payload's type: Payload becomes a [json.RawMessage] (nil if there was
// none), which [github.com/accesshook/accesshook/event/cloudevent.Decode]
// decodes. ID, Credential and Raw are left as they are.
func (e *Event) UnmarshalJSON(b []byte) error {
	var payload json.RawMessage
	d := data{Payload: &payload}
	if err := json.Unmarshal(b, &d); err != nil {
		return fmt.Errorf("event: %w", err)
	}
	duration, err := parseSeconds(d.Session.Duration)
	if err != nil {
		return err
	}
	*e = Event{
		ID: e.ID, Credential: e.Credential, Raw: e.Raw,
		Vendor: d.Vendor, Source: d.Source, Type: d.Type, VendorType: d.VendorType,
		Time: time.Time(d.Time), Received: time.Time(d.Received),
		Outcome: d.Outcome, Severity: d.Severity, Reason: d.Reason,
		User: d.User,
		Session: Session{
			ID: d.Session.ID, Type: d.Session.Type,
			Expires: time.Time(d.Session.Expires), Duration: duration,
		},
		Device: d.Device, Lock: d.Lock,
		Client:   Client(d.Client),
		Location: d.Location,
		Warnings: d.Warnings,
	}
	if payload != nil {
		e.Payload = payload
	}
	return nil
}

// GobEncode implements [encoding/gob.GobEncoder] by refusing: gob would write
// Raw. Package cloudevent encodes events.
func (e Event) GobEncode() ([]byte, error) {
	return nil, errors.New("event: an Event is not encoded by gob")
}
