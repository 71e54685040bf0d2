package durable

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"runtime/debug"

	"github.com/nats-io/nats.go"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/internal/jsonappend"
)

// Headers of a stored message.
const (
	// HeaderSchema has the version of the stored format: "1".
	HeaderSchema = "Accesshook-Schema"
	// HeaderCredential has Event.Credential, percent-encoded. Missing if empty.
	HeaderCredential = "Accesshook-Credential"
	// HeaderRaw is "sealed" if the message has the body, in RawAttribute.
	HeaderRaw = "Accesshook-Raw"

	headerContentType = "Content-Type"
)

// RawAttribute is the extension attribute of a stored CloudEvent that has the sealed
// body: base64 of nonce, ciphertext and tag of AES-256-GCM.
const RawAttribute = "accesshookraw"

const (
	schemaVersion = "1"
	rawSealed     = "sealed"
)

var validVendor = regexp.MustCompile(`^[a-z0-9_-]{1,64}$`)

// encode returns the message of e, and its shard.
func (s *Store) encode(e *event.Event) (m *nats.Msg, shard int, err error) {
	if e == nil || e.ID == "" || !validVendor.MatchString(e.Vendor) {
		return nil, 0, fmt.Errorf("%w: without an ID, or with a Vendor other than a-z, 0-9, - and _", ErrInvalid)
	}
	data, err := cloudevent.Encode(e)
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	id, sum := messageID(e)
	shard = s.c.Order.shardOf(e, sum, s.c.Shards)
	m = nats.NewMsg(s.names.ingest(shard, subject(e)))
	m.Header.Set(nats.MsgIdHdr, id)
	m.Header.Set(HeaderSchema, schemaVersion)
	m.Header.Set(headerContentType, cloudevent.ContentType)
	if e.Credential != "" {
		m.Header.Set(HeaderCredential, url.PathEscape(e.Credential))
	}
	if e.Raw != nil && (s.c.KeepRaw || undecoded(e) && !s.sealer.empty()) {
		data = withRaw(data, s.sealer.seal(e, e.Raw))
		m.Header.Set(HeaderRaw, rawSealed)
	}
	m.Data = data
	return m, shard, nil
}

// undecoded reports whether the body is all that there is of e: the endpoint could
// not decode it.
func undecoded(e *event.Event) bool {
	return e.Type == event.Unknown && e.Payload == nil && len(e.Raw) > 0
}

// logLostBody logs that e was stored without its body. It may be full of secrets, and
// there is no key to seal it.
func (s *Store) logLostBody(ctx context.Context, e *event.Event) {
	s.log().LogAttrs(ctx, slog.LevelError, "durable: the body of an event that could not be decoded is not kept: Config.RawKeys would keep it, sealed",
		slog.String("endpoint", jsonappend.Visible(e.Source)), slog.String("vendor", e.Vendor), slog.String("id", jsonappend.Visible(e.ID)), slog.Int("bytes", len(e.Raw)))
}

// logUnknownVendor logs, once, that events are stored that no callback will get. They
// did not come from Handler or Middleware of an endpoint, which would have panicked.
func (s *Store) logUnknownVendor(ctx context.Context, e *event.Event) {
	if e == nil {
		return
	}
	if s.AcceptsVendor(e.Vendor) != nil {
		s.unknown.Do(func() {
			s.log().LogAttrs(ctx, slog.LevelError, "durable: Config.Payloads lacks a vendor: its events are stored, and become dead letters",
				slog.String("vendor", jsonappend.Visible(e.Vendor)))
		})
	}
}

// withRaw adds the sealed body to the JSON object of a CloudEvent.
func withRaw(data, sealed []byte) []byte {
	data = append(data[:len(data)-1], `,"`+RawAttribute+`":"`...)
	data = base64.StdEncoding.AppendEncode(data, sealed)
	return append(data, `"}`...)
}

// decode is the inverse of encode. A panic of a decoder becomes an error: it would end
// the process each time the event is delivered.
func (s *Store) decode(h nats.Header, data []byte) (e *event.Event, err error) {
	defer func() {
		if v := recover(); v != nil {
			e, err = nil, fmt.Errorf("durable: decoder: %w", &event.PanicError{Value: v, Stack: debug.Stack()})
		}
	}()
	if v := h.Get(HeaderSchema); v != schemaVersion {
		return nil, fmt.Errorf("%w: %.16q", ErrSchema, v)
	}
	e, err = cloudevent.Decode(data, s.c.Payloads)
	if err != nil {
		return nil, err
	}
	// Decode needs a decoder only if there is a payload. Whether an event of an unknown
	// vendor is handled must not depend on that.
	if _, known := s.c.Payloads[e.Vendor]; !known {
		return nil, fmt.Errorf("%w: %.64q", cloudevent.ErrNoDecoder, e.Vendor)
	}
	if e.Credential, err = url.PathUnescape(h.Get(HeaderCredential)); err != nil {
		return nil, errors.New("durable: header " + HeaderCredential + " cannot be read")
	}
	if h.Get(HeaderRaw) != rawSealed {
		return e, nil
	}
	if s.sealer.empty() {
		s.sealer.warned.Do(func() {
			s.log().Warn("durable: stored bodies are sealed and there is no key: events come without Raw, their secrets masked")
		})
		return e, nil
	}
	if err := s.openRaw(e, data); err != nil {
		return nil, err
	}
	return e, nil
}

// decodeEnvelope decodes an event without its payload, and so without a decoder. It
// returns nil if that fails too.
func (s *Store) decodeEnvelope(h nats.Header, data []byte) *event.Event {
	none := make(cloudevent.Payloads, len(s.c.Payloads))
	for vendor := range s.c.Payloads {
		none[vendor] = func([]byte) (*event.Event, error) { return &event.Event{}, nil }
	}
	e, err := cloudevent.Decode(data, none)
	if err != nil {
		return nil
	}
	e.Credential, _ = url.PathUnescape(h.Get(HeaderCredential))
	return e
}

// openRaw sets Raw of e, and its payload to one that has its secrets.
//
// The endpoint may have decoded the body in another way than the decoder in Payloads
// does now: with aliases, in another time zone, with a credential masked, by an older
// version. The stored payload is what the endpoint found, so it stays if the two differ
// in more than secrets.
func (s *Store) openRaw(e *event.Event, data []byte) error {
	var sealed struct {
		Raw []byte `json:"accesshookraw"`
	}
	if err := json.Unmarshal(data, &sealed); err != nil {
		return fmt.Errorf("durable: %w", err)
	}
	raw, err := s.sealer.open(e, sealed.Raw)
	if err != nil {
		return err
	}
	e.Raw = raw
	if e.Payload == nil {
		return nil
	}
	decode := s.c.Payloads[e.Vendor]
	if decode == nil {
		return fmt.Errorf("%w: %.64q", cloudevent.ErrNoDecoder, e.Vendor)
	}
	inner, err := decode(raw)
	if err != nil || inner == nil {
		return nil // the stored payload stays
	}
	stored, err := json.Marshal(e.Payload)
	if err != nil {
		return fmt.Errorf("durable: payload: %w", err)
	}
	if again, err := json.Marshal(inner.Payload); err == nil && bytes.Equal(again, stored) {
		e.Payload = inner.Payload
	}
	return nil
}
