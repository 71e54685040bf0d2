package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// data is the JSON form of an Event: the data member of the CloudEvents that
// package cloudevent writes.
type data struct {
	Vendor     string      `json:"vendor"`
	Source     string      `json:"source,omitzero"`
	Type       Type        `json:"type"`
	VendorType string      `json:"vendorType,omitzero"`
	Time       time.Time   `json:"time,omitzero"`
	Received   time.Time   `json:"received,omitzero"`
	Outcome    Outcome     `json:"outcome"`
	Severity   Severity    `json:"severity"`
	Reason     string      `json:"reason,omitzero"`
	User       User        `json:"user,omitzero"`
	Session    sessionData `json:"session,omitzero"`
	Device     Device      `json:"device,omitzero"`
	Lock       Lock        `json:"lock,omitzero"`
	Client     clientData  `json:"client,omitzero"`
	Location   Location    `json:"location,omitzero"`
	Payload    any         `json:"payload,omitempty"`
	Warnings   []Warning   `json:"warnings,omitempty"`
}

type sessionData struct {
	ID       string      `json:"id,omitzero"`
	Type     string      `json:"type,omitzero"`
	Expires  time.Time   `json:"expires,omitzero"`
	Duration json.Number `json:"duration,omitzero"` // seconds
}

type clientData struct {
	Address   netip.Addr `json:"address,omitzero"`
	MAC       string     `json:"mac,omitzero"`
	Name      string     `json:"name,omitzero"`
	UserAgent string     `json:"userAgent,omitzero"`
}

// MarshalJSON writes everything but ID, which is the envelope's (see package
// cloudevent), Credential, and Raw, which is never encoded. Secrets are masked, empty fields
// left out, times written in UTC and durations as seconds. A time outside the
// years 0 to 9999 is an error, as it is for [time.Time].
func (e Event) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // whoever embeds it may: json.Marshal does
	err := enc.Encode(data{
		Vendor: e.Vendor, Source: e.Source, Type: e.Type, VendorType: e.VendorType,
		Time: utc(e.Time), Received: utc(e.Received),
		Outcome: e.Outcome, Severity: e.Severity, Reason: e.Reason,
		User: e.User,
		Session: sessionData{
			ID: e.Session.ID, Type: e.Session.Type,
			Expires: utc(e.Session.Expires), Duration: seconds(e.Session.Duration),
		},
		Device: e.Device, Lock: e.Lock,
		Client:   clientData(e.Client),
		Location: e.Location,
		Payload:  e.Payload, Warnings: e.Warnings,
	})
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// UnmarshalJSON reads what MarshalJSON wrote. Only the vendor's package knows
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
		Time: d.Time, Received: d.Received,
		Outcome: d.Outcome, Severity: d.Severity, Reason: d.Reason,
		User: d.User,
		Session: Session{
			ID: d.Session.ID, Type: d.Session.Type,
			Expires: d.Session.Expires, Duration: duration,
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

func utc(t time.Time) time.Time { return t.UTC() }

// seconds writes d exactly: 90 s is "90", 1.5 s is "1.5".
func seconds(d time.Duration) json.Number {
	if d == 0 {
		return ""
	}
	whole, frac := d/time.Second, d%time.Second
	if frac == 0 {
		return json.Number(strconv.FormatInt(int64(whole), 10))
	}
	sign := ""
	if d < 0 {
		sign, whole, frac = "-", -whole, -frac
	}
	return json.Number(fmt.Sprintf("%s%d.%s", sign, whole, strings.TrimRight(fmt.Sprintf("%09d", frac), "0")))
}

func parseSeconds(n json.Number) (time.Duration, error) {
	if n == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(string(n) + "s")
	if err != nil {
		return 0, fmt.Errorf("event: session duration: %w", err)
	}
	return d, nil
}

// GobEncode implements [encoding/gob.GobEncoder] by refusing: gob would write
// Raw. Package cloudevent encodes events.
func (e Event) GobEncode() ([]byte, error) {
	return nil, errors.New("event: an Event is not encoded by gob")
}
