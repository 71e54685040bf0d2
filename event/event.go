package event

import (
	"net/netip"
	"slices"
	"time"
)

// An Event is one thing that happened at a vendor, in the shared vocabulary.
//
// Fields that the vendor did not send are zero. Structs of this package only
// gain fields: write them with keyed literals.
//
// All handlers of one event get the same pointer, possibly at the same time.
// They must not change it; one that wants to does so on a [Event.Clone].
//
// Showing an Event, by fmt, log/slog or encoding/json, never shows a [Secret]
// and never shows Raw. There is one exception: fmt does not ask the methods of
// unexported fields. An Event by value in such a field is printed with Raw and
// all that is known about a person; a pointer to one, as handlers get, is not.
type Event struct {
	// ID is the key for de-duplication: equal for two deliveries of the same
	// body, and safe to print. How it is made is documented by each vendor
	// package; most vendors send no ID, and it is then a hash of the body.
	ID string
	// Vendor is the vendor's name: "userlock", "unloc", "relock", "loginradius".
	Vendor string
	// Source tells two endpoints of one vendor apart: the name given to the
	// endpoint, or Vendor if it has none.
	Source string
	// Credential is the label of the credential that the request matched, such
	// as "secret 2" or "user gate": never the credential itself. It is for logs:
	// all credentials of an endpoint belong to one owner, and the label of one
	// changes when secrets are rotated. It is set by an endpoint, and is not
	// encoded.
	Credential string
	// Type is what happened, in the vocabulary that all vendors share;
	// [Unknown] if the vendor's name for it is new to this version.
	Type Type
	// VendorType is the vendor's own name or code, as it was sent.
	VendorType string
	// Time is when it happened, as the vendor says. An endpoint sets it to
	// Received if the vendor sent no time.
	Time time.Time
	// Received is when the request arrived. It is zero if no endpoint was
	// involved, as when decoding from a queue.
	Received time.Time
	// Outcome says whether the attempt succeeded, for types where that is known.
	Outcome Outcome
	// Severity is the vendor's where it sends one, else given by Type.
	Severity Severity
	// Reason is why, in the vendor's words or codes.
	Reason string

	User     User
	Session  Session
	Device   Device
	Lock     Lock
	Client   Client
	Location Location

	// Payload is the vendor's own typed payload, a pointer such as
	// *relock.SecurityAlert. See [On].
	Payload any
	// Raw is the verified body, byte for byte as it arrived, credentials in
	// the body included. No encoding of an Event writes it, as far as encoders
	// respect the methods of Event or these tags.
	Raw []byte `json:"-" xml:"-" yaml:"-" toml:"-" bson:"-" msgpack:"-"`
	// Warnings lists the fields that did not have the documented JSON type and
	// were left out, at most [MaxWarnings] of them.
	Warnings []Warning
}

// MaxWarnings is the largest number of Warnings that an Event carries.
const MaxWarnings = 32

// A Session is the logon session that an event is about.
type Session struct {
	ID string
	// Type is the vendor's kind of session, such as "interactive" or "wifi_vpn".
	Type    string
	Expires time.Time
	// Duration is how long the session lasted, for a session that ended.
	Duration time.Duration
}

// A Device is the device that the user holds, or the computer that was logged
// on to.
type Device struct {
	ID      string `json:"id,omitzero"`
	Name    string `json:"name,omitzero"`
	Type    string `json:"type,omitzero"`
	OS      string `json:"os,omitzero"`
	Browser string `json:"browser,omitzero"`
}

// A Lock is a door lock, and the key that was used on it.
type Lock struct {
	ID    string `json:"id,omitzero"`
	Name  string `json:"name,omitzero"`
	KeyID string `json:"keyId,omitzero"`
}

// A Client is where the user came from, as the vendor saw it. It is not the
// sender of the webhook.
type Client struct {
	// Address is unmapped and without zone; the zero Addr if there is none or
	// it could not be read (the payload has what was sent).
	Address   netip.Addr
	MAC       string
	Name      string
	UserAgent string
}

// A Location is where the client was, as the vendor found out.
type Location struct {
	// Country is what the vendor sent: a name or a code.
	Country string `json:"country,omitzero"`
	// CountryCode is two letters in upper case, in the form of an ISO 3166-1
	// alpha-2 code and not compared with the list of them, or empty if the
	// vendor did not send one.
	CountryCode string `json:"countryCode,omitzero"`
	City        string `json:"city,omitzero"`
	// Timezone is an IANA name if the vendor sent one.
	Timezone string `json:"timezone,omitzero"`
}

// A Warning names a field that was sent with another JSON type than the vendor
// documents, and was therefore left out of the payload. It never holds a value.
type Warning struct {
	Path string `json:"path"` // RFC 6901 JSON pointer into the body
	Want string `json:"want"` // what was expected: "string", "time", "unique name" …
	Got  string `json:"got"`  // JSON kind that came: "number", "object" …
}

// Clone returns a copy that shares nothing with e but Payload, which stays the
// same pointer and must still not be changed. Clone of nil is nil.
func (e *Event) Clone() *Event {
	if e == nil {
		return nil
	}
	c := *e
	c.Raw = slices.Clone(e.Raw)
	c.Warnings = slices.Clone(e.Warnings)
	return &c
}
