package cef

import (
	"cmp"
	"strings"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/address"
	"github.com/accesshook/accesshook/internal/product"
	"github.com/accesshook/accesshook/internal/sentence"
)

// Append appends e to dst as one line of CEF, without a line end. It fails if e has no
// ID or no Vendor, or a time outside the years 0 to 9999. On an error it returns dst as
// it was. It is safe for concurrent use.
func Append(dst []byte, e *event.Event) ([]byte, error) {
	if err := product.Check("cef", e); err != nil {
		return dst, err
	}
	l := line{b: dst}
	l.header(e)
	l.event(e)
	l.users(e)
	l.client(e)
	l.device(e)
	l.custom(e)
	var buf [256]byte
	l.text("msg", string(sentence.Append(buf[:0], e)), 1023)
	return l.b, nil
}

var severities = [...]string{
	event.SeverityUnknown: "0", event.SeverityInfo: "1", event.SeverityLow: "3",
	event.SeverityMedium: "5", event.SeverityHigh: "8", event.SeverityCritical: "10",
}

// longestOwn is how many characters a value of our own keys may have.
const longestOwn = 1023

// header writes what stands before the extension, and the parts of the type.
func (l *line) header(e *event.Event) {
	company, name := product.Of(e.Vendor)
	l.b = append(l.b, "CEF:0|"...)
	l.field(company, 63)
	l.field(name, 63)
	l.field("unknown", 31)
	typ := cmp.Or(e.Type, event.Unknown)
	l.field(string(typ), 1023)
	l.field(cmp.Or(names[typ], string(typ)), 512)
	l.b = append(l.b, severities[product.Known(e.Severity, len(severities))]...)
	l.b = append(l.b, '|')
	family, action, _ := strings.Cut(string(typ), ".")
	l.text("cat", family, 1023)
	l.text("act", action, 63)
}

func (l *line) event(e *event.Event) {
	at := product.Happened(e)
	l.time("rt", at)
	if d := e.Session.Duration; d > 0 && !at.IsZero() {
		l.time("start", at.Add(-d))
		l.time("end", at)
	}
	switch e.Outcome {
	case event.OutcomeSuccess:
		l.text("outcome", "success", 63)
	case event.OutcomeFailure:
		l.text("outcome", "failure", 63)
	}
	l.text("reason", e.Reason, 1023)
	const longest = 40
	l.text("externalId", e.ID, longest)
	if id := visible(e.ID); cut(id, longest) != id {
		l.text("accesshookEventId", e.ID, longestOwn)
	}
	l.text("accesshookSource", e.Source, longestOwn)
}

func (l *line) users(e *event.Event) {
	u := &e.User
	name := cmp.Or(u.Name, u.Email, u.FullName, u.ID, u.Phone)
	family, _, _ := strings.Cut(string(e.Type), ".")
	changed := family == "account" || family == "object"
	if !changed {
		l.text("suser", name, 1023)
		l.text("suid", u.ID, 1023)
		l.text("sntdom", u.Domain, 255)
	}
	if changed || family == "authentication" || family == "session" {
		l.text("duser", name, 1023)
		l.text("duid", u.ID, 1023)
		l.text("dntdom", u.Domain, 255)
	}
	l.text("accesshookFullName", u.FullName, longestOwn)
	l.text("accesshookEmail", u.Email, longestOwn)
	l.text("accesshookPhone", u.Phone, longestOwn)
}

func (l *line) client(e *event.Event) {
	c := &e.Client
	switch a := product.Address(e); {
	case a.Is4():
		l.address("src", a)
	case a.Is6():
		l.address("c6a2", a)
		l.text("c6a2Label", "Source IPv6 Address", 1023)
	}
	l.text("accesshookZone", c.Address.Zone(), longestOwn)
	if address.IsMAC48(c.MAC) {
		l.text("smac", c.MAC, 17)
	} else {
		l.text("accesshookMac", c.MAC, longestOwn)
	}
	l.text("shost", c.Name, 1023)
	l.text("requestClientApplication", c.UserAgent, 1023)
}

// device writes Event.Device, which is the computer of the session for UserLock, and else
// what the user holds.
func (l *line) device(e *event.Event) {
	d := &e.Device
	if product.HasComputer(e) {
		l.text("dhost", d.Name, 1023)
	} else {
		l.text("accesshookDeviceName", d.Name, longestOwn)
	}
	l.text("deviceExternalId", cmp.Or(e.Lock.ID, d.ID), 255)
	if e.Lock.ID != "" {
		l.text("accesshookDeviceId", d.ID, longestOwn)
	}
	l.text("accesshookDeviceType", d.Type, longestOwn)
	l.text("accesshookOs", d.OS, longestOwn)
	l.text("accesshookBrowser", d.Browser, longestOwn)
	l.text("accesshookKeyId", e.Lock.KeyID, longestOwn)
}

func (l *line) custom(e *event.Event) {
	l.labelled("cs1", "cs1Label", "sessionId", e.Session.ID)
	l.labelled("cs2", "cs2Label", "sessionType", e.Session.Type)
	l.labelled("cs3", "cs3Label", "sourceCountry", cmp.Or(e.Location.CountryCode, e.Location.Country))
	l.labelled("cs4", "cs4Label", "sourceCity", e.Location.City)
	l.labelled("cs5", "cs5Label", "lockName", e.Lock.Name)
	l.labelled("cs6", "cs6Label", "vendorType", e.VendorType)
	if e.Location.CountryCode != "" && e.Location.Country != e.Location.CountryCode {
		l.text("accesshookCountry", e.Location.Country, longestOwn)
	}
	l.text("accesshookTimezone", e.Location.Timezone, longestOwn)
	if !e.Received.IsZero() {
		l.time("deviceCustomDate1", e.Received)
		l.text("deviceCustomDate1Label", "received", 1023)
	}
	if !e.Session.Expires.IsZero() {
		l.time("deviceCustomDate2", e.Session.Expires)
		l.text("deviceCustomDate2Label", "sessionExpires", 1023)
	}
}
