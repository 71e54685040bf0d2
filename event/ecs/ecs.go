// Package ecs writes events as documents of the Elastic Common Schema 9.4.0, for
// Elasticsearch and for what reads its documents:
//
//	line, err := ecs.Append(nil, e)
//
// # Format
//
// An event is one JSON object on one line, without a trailing newline. Empty fields are
// left out. Invisible characters are escapes, as described at event.Event.MarshalJSON.
//
//	@timestamp          Event.Time, or Event.Received if there is none; without either it is
//	                    left out, and a data stream refuses the document
//	event.created       Event.Received
//	event.kind          "alert" for security.alert, else "event"
//	event.category      by Event.Type, as event.type is: see the table in package event
//	event.action        the word that Elastic's own data has for the same act of Windows
//	                    ("logged-in", "logon-failed" …) if UserLock reports it, else Event.Type
//	event.outcome       Event.Outcome; event.reason is Event.Reason
//	event.code          Event.VendorType
//	event.id            Event.ID
//	event.severity      21, 47, 73, 99 for low to critical, 1 for info: what the rule
//	                    "External Alerts" expects
//	event.module        Event.Vendor
//	event.dataset       "<vendor>.event"
//	event.provider      the product: "UserLock"
//	event.duration      Session.Duration in nanoseconds
//	observer.*          company and product of the vendor; observer.name is Event.Source
//	user.*              User; user.name is the e-mail address or the ID of a user without
//	                    a name, since rules and jobs count by user.name
//	user.target.*       the same, for events about an account: who changed it is not known
//	source.*, client.ip Client and Location; source.domain is Client.Name, and source.user.*
//	                    is User if there is a Client, unless the event is about an account
//	host.*              the computer of a UserLock session, with host.os.type "windows"
//	device.*            the ID and type of Device; user_agent.* its OS and browser
//	user_agent.original Client.UserAgent
//	related.*           users, addresses and hosts, for searches
//	message             one English sentence
//	labels.*            what ECS has no field for: session_id, session_type,
//	                    session_expires, user_phone, device_name, lock_id, lock_name, key_id,
//	                    client_mac if it has no form of ECS's
//	accesshook.type     Event.Type
//	accesshook.payload  Event.Payload with secrets masked, if [Encoder] is told to
//
// There is no event.original: bodies have credentials in them.
//
// On the same event Append takes 0.7 times as long as cloudevent.Append, which writes the
// payload too, and 0.95 times at most, with one allocation into a buffer that has room
// (BenchmarkRatio in internal/encodertest).
//
// Fields and allowed values: https://www.elastic.co/docs/reference/ecs. Words of actions:
// the pipeline "security" of Elastic's package "system" in
// https://github.com/elastic/integrations. Severities: the rule external_alerts in
// https://github.com/elastic/detection-rules.
package ecs

import (
	"fmt"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/jsonappend"
	"github.com/accesshook/accesshook/internal/product"
)

// Version is that of the schema.
const Version = "9.4.0"

// An Encoder writes events as ECS documents. It is safe for concurrent use.
type Encoder struct {
	// Payload adds Event.Payload as accesshook.payload, with secrets masked. Index it
	// without mapping its fields ("enabled": false): vendors have very many of them.
	Payload bool
}

// Append is the Append of an [Encoder] that leaves the payload out.
func Append(dst []byte, e *event.Event) ([]byte, error) { return Encoder{}.Append(dst, e) }

// Append appends e to dst. It fails if e is nil or has no ID or no Vendor, or a time
// outside the years 0 to 9999, or a payload that cannot be encoded, and then returns dst
// as it was.
//
// What it writes without the payload depends on nothing that package cloudevent leaves
// out, so an event from a queue or a store gives the same document.
func (enc Encoder) Append(dst []byte, e *event.Event) ([]byte, error) {
	if err := product.Check("ecs", e); err != nil {
		return dst, err
	}
	c := classOf(e.Type)
	o := jsonappend.Begin(dst)
	o.Time("@timestamp", product.Happened(e))
	o.Object("ecs", func() { o.Always("version", Version) })
	writeMessage(&o, e)
	writeEvent(&o, e, c)
	writeUsers(&o, e, c)
	writeSource(&o, e, c)
	writeDevice(&o, e)
	writeObserver(&o, e)
	writeRelated(&o, e)
	writeLabels(&o, e)
	o.Object("accesshook", func() {
		o.Text("type", string(e.Type))
		if enc.Payload {
			o.Value("payload", e.Payload)
		}
	})
	b, err := o.End()
	if err != nil {
		return dst, fmt.Errorf("ecs: %w", err)
	}
	return b, nil
}

func writeEvent(o *jsonappend.Object, e *event.Event, c *class) {
	_, name := product.Of(e.Vendor)
	o.Object("event", func() {
		o.Text("id", e.ID)
		o.Time("created", e.Received)
		o.Always("kind", c.kind())
		o.Texts("category", c.category...)
		o.Texts("type", c.types...)
		o.Text("action", c.action(e))
		o.Always("outcome", outcomes[product.Known(e.Outcome, len(outcomes))])
		o.Text("code", e.VendorType)
		o.Text("reason", e.Reason)
		if n := severities[product.Known(e.Severity, len(severities))]; n != 0 {
			o.Int("severity", n)
		}
		if d := e.Session.Duration; d > 0 {
			o.Int("duration", int64(d))
		}
		o.Text("module", e.Vendor)
		o.Joined("dataset", e.Vendor, ".event")
		o.Text("provider", name)
	})
}

var (
	outcomes   = [...]string{"unknown", "success", "failure"}
	severities = [...]int64{0, 1, 21, 47, 73, 99}
)
