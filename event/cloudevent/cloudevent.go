// Package cloudevent writes events as CloudEvents 1.0 in the JSON format, and
// reads them back with their typed payload.
//
// An event is one JSON object on one line, without a trailing newline. Its
// attributes:
//
//	specversion      "1.0"
//	id               Event.ID
//	source           "accesshook/<vendor>", or "accesshook/<vendor>/<source>" for a named endpoint
//	type             "accesshook.<Type>"
//	time             Event.Time, left out if zero
//	subject          Lock.ID, else Device.ID, else left out: never a person
//	datacontenttype  "application/json"
//	data             the event, as described at event.Event.MarshalJSON
//
// source and id together are unique for as far as Event.ID is. CloudEvents allow no
// control characters and no noncharacters in an attribute: each becomes U+FFFD there.
// data has what the vendor sent.
//
// Secrets are masked and Raw is left out, so what is read back is masked as well.
//
// See https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md.
package cloudevent

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/jsonappend"
)

// ContentType is the media type of what Encode returns.
const ContentType = "application/cloudevents+json"

const typePrefix = "accesshook."

type attributes struct {
	SpecVersion     string    `json:"specversion"`
	ID              string    `json:"id"`
	Source          string    `json:"source"`
	Type            string    `json:"type"`
	Time            time.Time `json:"time"`
	Subject         string    `json:"subject"`
	DataContentType string    `json:"datacontenttype"`
}

type envelope struct {
	attributes
	Data event.Event `json:"data"`
}

// Encode returns e as one line of JSON. It fails if e has no ID or no Vendor,
// which CloudEvents require, or cannot be encoded.
func Encode(e *event.Event) ([]byte, error) {
	if e == nil || e.ID == "" || e.Vendor == "" {
		return nil, errors.New("cloudevent: event without ID or Vendor")
	}
	source := "accesshook/" + e.Vendor
	if e.Source != "" && e.Source != e.Vendor {
		source += "/" + e.Source
	}
	subject := e.Lock.ID
	if subject == "" {
		subject = e.Device.ID
	}
	data, err := e.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("cloudevent: %w", err)
	}
	b := make([]byte, 0, len(data)+512)
	b = append(b, `{"specversion":"1.0","id":`...)
	b = jsonappend.String(b, Attribute(e.ID))
	b = append(b, `,"source":`...)
	b = jsonappend.String(b, Attribute(source))
	b = append(b, `,"type":`...)
	b = jsonappend.String(b, Attribute(typePrefix+string(e.Type)))
	if !e.Time.IsZero() {
		b = append(b, `,"time":"`...)
		b = e.Time.UTC().AppendFormat(b, time.RFC3339Nano) // in range, or data would have failed
		b = append(b, '"')
	}
	if subject != "" {
		b = append(b, `,"subject":`...)
		b = jsonappend.String(b, Attribute(subject))
	}
	b = append(b, `,"datacontenttype":"application/json","data":`...)
	b = append(b, data...)
	return append(b, '}'), nil
}

// Attribute returns s as [Encode] writes it in an attribute: with U+FFFD for what is no
// string of the CloudEvents type system (1.0.2, 3.1), such as a control character.
func Attribute(s string) string {
	return strings.Map(func(r rune) rune {
		noncharacter := r&0xfffe == 0xfffe || 0xfdd0 <= r && r <= 0xfdef
		if unicode.IsControl(r) || noncharacter {
			return utf8.RuneError
		}
		return r
	}, s)
}

// Payloads tells, by vendor, how a payload is decoded. The Decode function of
// a vendor package fits:
//
//	cloudevent.Payloads{"relock": relock.Decode, "unloc": unloc.Decode}
type Payloads map[string]func(body []byte) (*event.Event, error)

// ErrNoDecoder is returned by [Decode] for an event with a payload whose vendor
// is not in Payloads.
var ErrNoDecoder = errors.New("cloudevent: no decoder for the vendor's payload")

// Decode reads what [Encode] wrote. Everything is as it was but for secrets, which are
// masked, Raw and Credential, which are absent, and control characters of an ID.
func Decode(line []byte, payloads Payloads) (*event.Event, error) {
	var env envelope
	if err := json.Unmarshal(line, &env); err != nil {
		return nil, fmt.Errorf("cloudevent: %w", err)
	}
	if env.SpecVersion != "1.0" {
		return nil, fmt.Errorf("cloudevent: specversion %.16q, want 1.0", env.SpecVersion)
	}
	e := &env.Data
	if !strings.HasPrefix(env.Type, typePrefix) || e.Vendor == "" || env.ID == "" {
		return nil, errors.New("cloudevent: not an accesshook event")
	}
	e.ID = env.ID
	raw, ok := e.Payload.(json.RawMessage)
	if !ok {
		return e, nil
	}
	decode := payloads[e.Vendor]
	if decode == nil {
		return nil, fmt.Errorf("%w: %.64q", ErrNoDecoder, e.Vendor)
	}
	inner, err := decode(raw)
	if err != nil {
		return nil, fmt.Errorf("cloudevent: payload: %w", err)
	}
	if inner == nil {
		return nil, errors.New("cloudevent: payload: no event")
	}
	e.Payload = inner.Payload
	return e, nil
}
