// Package cloudevent writes events as CloudEvents 1.0 in the JSON format, for a file, a
// queue or a SIEM, and reads them back with their typed payload:
//
//	line, err := cloudevent.Encode(e)
//	…
//	payloads := cloudevent.Payloads{relock.Vendor: relock.Decode} // with an entry for each vendor
//	e, err := cloudevent.Decode(line, payloads)
//
// Over HTTP it sends and receives them:
//
//	req, err := cloudevent.NewRequest(ctx, "https://siem.example.com/events", e)
//	…
//	e, err := cloudevent.DecodeRequest(r, payloads)
//
// # Format
//
// An event is one JSON object on one line, without a trailing newline. Invisible
// characters are escapes, as described at event.Event.MarshalJSON. Its attributes:
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
// Attributes cannot hold all characters. Those that they cannot, most of them control
// characters, become U+FFFD there. data has them as they are. If the ID has such a
// character, data has the ID too.
//
// source and id together are as unique as Event.ID. Secrets are masked and Raw is left
// out. What is read back is masked as well.
//
// See https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md.
//
// # HTTP
//
// [NewRequest] and [AppendMessage] write the binary mode of the HTTP binding: the
// attributes are headers, and the body is data. For the structured mode, send what Encode
// returns with the Content-Type [ContentType]. [DecodeRequest] and [DecodeMessage] read
// both.
//
// In headers, spaces, double quotes, percent signs and all but printable ASCII are
// percent-encoded, as the binding says. The official Go SDK (v2.16.2) does not decode
// them. To receivers that use it, send the structured mode if IDs or types can have such
// characters. Those of this module's vendors have none; a subject can.
//
// See https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md.
package cloudevent

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/jsonappend"
)

// ContentType is the media type of what Encode returns.
const ContentType = "application/cloudevents+json"

const (
	specVersion     = "1.0"
	sourcePrefix    = "accesshook/"
	typePrefix      = "accesshook."
	dataContentType = "application/json"
)

var errIncomplete = errors.New("cloudevent: event without ID or Vendor")

// An envelope has the attributes that data does not repeat.
type envelope struct {
	SpecVersion string      `json:"specversion"`
	ID          string      `json:"id"`
	Type        string      `json:"type"`
	Data        event.Event `json:"data"`
}

// A dataID is the ID that data has beside the attribute; see appendData.
type dataID struct {
	ID string `json:"id"`
}

// Encode returns e as one line of JSON, with escapes for invisible characters. It fails
// if e has no ID or no Vendor, which CloudEvents require, or cannot be encoded.
func Encode(e *event.Event) ([]byte, error) {
	size := 1024
	if e != nil {
		size += len(e.Raw) + len(e.Raw)/4
	}
	b, err := Append(make([]byte, 0, size), e)
	if err != nil {
		return nil, err
	}
	return b, nil
}

// Append appends what [Encode] returns to dst. On an error it returns dst as it was.
func Append(dst []byte, e *event.Event) ([]byte, error) {
	if !complete(e) {
		return dst, errIncomplete
	}
	b := append(dst, `{"specversion":"`+specVersion+`","id":"`...)
	b = appendAttribute(b, e.ID)
	b = append(b, `","source":"`+sourcePrefix...)
	b = appendAttribute(b, e.Vendor)
	if e.Source != "" && e.Source != e.Vendor {
		b = appendAttribute(append(b, '/'), e.Source)
	}
	b = append(b, `","type":"`+typePrefix...)
	b = appendAttribute(b, string(e.Type))
	if !e.Time.IsZero() {
		b = append(b, `","time":"`...)
		b = e.Time.UTC().AppendFormat(b, time.RFC3339Nano) // in range, or data fails
	}
	if subject := subjectOf(e); subject != "" {
		b = append(b, `","subject":"`...)
		b = appendAttribute(b, subject)
	}
	b = append(b, `","datacontenttype":"`+dataContentType+`","data":`...)
	b, err := appendData(b, e)
	if err != nil {
		return dst, fmt.Errorf("cloudevent: %w", err)
	}
	return append(b, '}'), nil
}

func complete(e *event.Event) bool { return e != nil && e.ID != "" && e.Vendor != "" }

func subjectOf(e *event.Event) string { return cmp.Or(e.Lock.ID, e.Device.ID) }

// appendData appends the event. It has an ID only if the attribute is another one,
// because of what attributes may not hold.
func appendData(dst []byte, e *event.Event) ([]byte, error) {
	if allowed(e.ID) {
		return e.AppendJSON(dst)
	}
	dst = append(dst, `{"id":`...)
	dst = jsonappend.String(dst, e.ID)
	begin := len(dst)
	b, err := e.AppendJSON(dst)
	if err == nil {
		b[begin] = ',' // the object has begun
	}
	return b, err
}

// Payloads tells, by vendor, how a payload is decoded. The Decode function of
// a vendor package fits:
//
//	cloudevent.Payloads{"relock": relock.Decode, "unloc": unloc.Decode}
type Payloads map[string]func(body []byte) (*event.Event, error)

// ErrNoDecoder is returned by [Decode] for an event with a payload whose vendor
// is not in Payloads.
var ErrNoDecoder = errors.New("cloudevent: no decoder for the vendor's payload")

// Decode reads what [Encode] wrote, also if another program has written the JSON
// again in its own way: with other spacing, escapes and order, times in another
// form of RFC 3339, numbers with an exponent. The event is equal to the one that
// was encoded, but for secrets, which are masked, and Raw and Credential, which are
// absent. Times are in UTC, and what was not UTF-8 is U+FFFD.
func Decode(line []byte, payloads Payloads) (*event.Event, error) {
	var env envelope
	if err := json.Unmarshal(line, &env); err != nil {
		return nil, fmt.Errorf("cloudevent: %w", err)
	}
	if strings.ContainsRune(env.ID, utf8.RuneError) {
		var inner struct {
			Data dataID `json:"data"`
		}
		_ = json.Unmarshal(line, &inner) // read above without an error
		env.ID = cmp.Or(inner.Data.ID, env.ID)
	}
	return env.event(payloads)
}

// event returns the event of an envelope that was read.
func (env *envelope) event(payloads Payloads) (*event.Event, error) {
	if env.SpecVersion != specVersion {
		return nil, fmt.Errorf("cloudevent: specversion %.16q, want %s", env.SpecVersion, specVersion)
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
