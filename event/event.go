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
// All handlers of one event get the same pointer, possibly at the same time. They
// must not change it. A handler that wants to changes a [Event.Clone].
//
// fmt, log/slog and encoding/json never show Raw or a [Secret]. There is one
// exception: fmt does not call the methods of unexported fields. An Event by value
// in such a field is printed with Raw and personal data; a pointer to one, as
// handlers get, is not.
type Event struct {
	// ID is the key for de-duplication: equal for two deliveries of the same body,
	// and safe to print. Each vendor package documents how it is made. Most vendors
	// send no ID; it is then a hash of the body.
	ID string
	// Vendor is the vendor's name: "userlock", "unloc", "relock", "loginradius".
	Vendor string
	// Source is the name of the endpoint, or Vendor if it has none. It tells apart
	// two endpoints of one vendor, and their owners.
	Source string
	// Credential is the label of the credential that the request matched, such as
	// "secret 2" or "user gate", never the credential itself. It is for logs alone:
	// all credentials of an endpoint belong to one owner, and a rotation of secrets
	// changes their labels. An endpoint sets it. It is not encoded.
	Credential string
	// Type is what happened, in the vocabulary that all vendors share, or [Unknown]
	// if the vendor's name for it is new to this version.
	Type Type
	// VendorType is the vendor's own name or code for it, as it was sent.
	VendorType string
	// Time is when it happened, as the vendor says. An endpoint sets it to
	// Received if the vendor sent no time.
	Time time.Time
	// Received is when the request arrived. It is zero if no endpoint was
	// involved, such as when decoding from a queue.
	Received time.Time
	// Outcome says whether what was attempted succeeded; see [Type.Outcome].
	Outcome Outcome
	// Severity is the vendor's, or that of [Type.Severity] if it sends none.
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
	// Raw is the verified body, byte for byte, with all credentials in it. No
	// encoding of an Event writes it, as far as encoders respect the methods of
	// Event or these tags.
	Raw []byte `json:"-" xml:"-" yaml:"-" toml:"-" bson:"-" msgpack:"-"`
	// Warnings lists fields that were not as documented, at most [MaxWarnings].
	Warnings []Warning
}

// MaxWarnings is the largest number of Warnings that an Event carries.
const MaxWarnings = 32

// A Session is the session that an event is about, on a computer or a device.
type Session struct {
	ID string
	// Type is the vendor's kind of session, such as "interactive" or "wifi_vpn".
	Type    string
	Expires time.Time
	// Duration is how long the session lasted, for a session that ended.
	Duration time.Duration
}

// A Device is the device that the user holds, or the computer of the session.
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
	// Address is unmapped and without a zone. It is the zero Addr if there is none
	// or it could not be read; the payload has what was sent.
	Address   netip.Addr
	MAC       string
	Name      string
	UserAgent string
}

// A Location is where the client was, as the vendor determined it.
type Location struct {
	// Country is what the vendor sent: a name or a code.
	Country string `json:"country,omitzero"`
	// CountryCode is an assigned ISO 3166-1 alpha-2 code, in upper case. It is
	// empty if Country names none.
	CountryCode string `json:"countryCode,omitzero"`
	City        string `json:"city,omitzero"`
	// Timezone is an IANA name if the vendor sent one.
	Timezone string `json:"timezone,omitzero"`
}

// A Warning names a field that was not as the vendor documents it: of another JSON
// type, say, or a time that cannot be read. The field was converted or left out. A
// Warning never holds a value.
type Warning struct {
	Path string `json:"path"` // RFC 6901 JSON pointer into the body
	Want string `json:"want"` // what was expected: "string", "time", "unique name" …
	Got  string `json:"got"`  // what was sent, such as a JSON type: "number", "object" …
}

// Clone returns a copy that shares only Payload with e, which must still not be
// changed. Clone of nil is nil.
func (e *Event) Clone() *Event {
	if e == nil {
		return nil
	}
	c := *e
	c.Raw = slices.Clone(e.Raw)
	c.Warnings = slices.Clone(e.Warnings)
	return &c
}
