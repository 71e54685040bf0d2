package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/accesshook/accesshook/internal/jsonappend"
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
	o := jsonappend.Begin(dst)
	o.Always("vendor", e.Vendor)
	o.Text("source", e.Source)
	o.Always("type", string(e.Type))
	o.Text("vendorType", e.VendorType)
	o.Time("time", e.Time)
	o.Time("received", e.Received)
	outcome, err := e.Outcome.text()
	o.Fail("outcome", err)
	o.Always("outcome", outcome)
	severity, err := e.Severity.text()
	o.Fail("severity", err)
	o.Always("severity", severity)
	o.Text("reason", e.Reason)
	o.Object("user", func() {
		o.Text("id", e.User.ID)
		o.Text("name", e.User.Name)
		o.Text("fullName", e.User.FullName)
		o.Text("domain", e.User.Domain)
		o.Text("email", e.User.Email)
		o.Text("phone", e.User.Phone)
	})
	o.Object("session", func() {
		o.Text("id", e.Session.ID)
		o.Text("type", e.Session.Type)
		o.Time("expires", e.Session.Expires)
		o.Seconds("duration", e.Session.Duration)
	})
	o.Object("device", func() {
		o.Text("id", e.Device.ID)
		o.Text("name", e.Device.Name)
		o.Text("type", e.Device.Type)
		o.Text("os", e.Device.OS)
		o.Text("browser", e.Device.Browser)
	})
	o.Object("lock", func() {
		o.Text("id", e.Lock.ID)
		o.Text("name", e.Lock.Name)
		o.Text("keyId", e.Lock.KeyID)
	})
	o.Object("client", func() {
		o.Address("address", e.Client.Address)
		o.Text("mac", e.Client.MAC)
		o.Text("name", e.Client.Name)
		o.Text("userAgent", e.Client.UserAgent)
	})
	o.Object("location", func() {
		o.Text("country", e.Location.Country)
		o.Text("countryCode", e.Location.CountryCode)
		o.Text("city", e.Location.City)
		o.Text("timezone", e.Location.Timezone)
	})
	o.Value("payload", e.Payload)
	if len(e.Warnings) > 0 {
		o.Value("warnings", e.Warnings)
	}
	b, err := o.End()
	if err != nil {
		return nil, fmt.Errorf("event: %w", err)
	}
	return b, nil
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
