package cloudevent

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/accesshook/accesshook/event"
)

// MaxBody is how large a body [DecodeRequest] reads, in bytes. With the default limits
// of the endpoints no event needs more, however many characters must be escaped.
const MaxBody = 16 << 20

// maxHeader bounds the value of each header. Servers accept 4 to 8 KiB of headers in all.
const maxHeader = 1024

// NewRequest returns a POST request with e in the binary mode, as [AppendMessage] writes
// it. The caller adds credentials.
func NewRequest(ctx context.Context, url string, e *event.Event) (*http.Request, error) {
	header := make(http.Header, 8)
	body, err := AppendMessage(nil, header, e)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("cloudevent: %w", err)
	}
	req.Header = header
	return req, nil
}

// AppendMessage writes e in the binary mode, for a request or a response. It appends the
// body to dst, and sets the headers ce-specversion, ce-id, ce-source, ce-type, ce-time,
// ce-subject and Content-Type in h. On an error it returns dst and leaves h as they were.
//
// It fails where [Append] fails, and if the ID, source or type needs more than 1024 bytes
// in a header. A subject that needs more is left out: the body has what it is made of.
func AppendMessage(dst []byte, h http.Header, e *event.Event) ([]byte, error) {
	if !complete(e) {
		return dst, errIncomplete
	}
	id, source, eventType := encodeHeader(e.ID), sourcePrefix+encodeHeader(e.Vendor), typePrefix+encodeHeader(string(e.Type))
	if e.Source != "" && e.Source != e.Vendor {
		source += "/" + encodeHeader(e.Source)
	}
	if max(len(id), len(source), len(eventType)) > maxHeader {
		return dst, errors.New("cloudevent: ID, source or type is too long for a header")
	}
	b, err := appendData(dst, e)
	if err != nil {
		return dst, fmt.Errorf("cloudevent: %w", err)
	}
	h.Set("Ce-Specversion", specVersion)
	h.Set("Ce-Id", id)
	h.Set("Ce-Source", source)
	h.Set("Ce-Type", eventType)
	h.Del("Ce-Time")
	if !e.Time.IsZero() {
		h.Set("Ce-Time", e.Time.UTC().Format(time.RFC3339Nano))
	}
	h.Del("Ce-Subject")
	if subject := encodeHeader(subjectOf(e)); subject != "" && len(subject) <= maxHeader {
		h.Set("Ce-Subject", subject)
	}
	h.Set("Content-Type", dataContentType)
	return b, nil
}

// DecodeRequest reads the body of a request and returns its event, as [DecodeMessage]
// does. The error for a body of more than [MaxBody] bytes is an [http.MaxBytesError]. For
// a lower limit, wrap the body with [http.MaxBytesReader].
//
// It does not verify who sent the request. Do so before, by a credential in a header.
func DecodeRequest(r *http.Request, payloads Payloads) (*event.Event, error) {
	if r.Body == nil { // a request that no server has read
		return DecodeMessage(r.Header, nil, payloads)
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, MaxBody))
	if err != nil {
		return nil, fmt.Errorf("cloudevent: body: %w", err)
	}
	return DecodeMessage(r.Header, body, payloads)
}

// DecodeMessage returns the event of a request or a response whose body has been read, in
// the binary or the structured mode. Content-Type tells which. What [Decode] says of the
// event is true of both. Batches are refused.
func DecodeMessage(h http.Header, body []byte, payloads Payloads) (*event.Event, error) {
	contentType, err := header(h, "Content-Type")
	if err != nil {
		return nil, err
	}
	mediaType, _, err := mime.ParseMediaType(contentType)
	switch {
	case err == nil && mediaType == ContentType:
		return Decode(body, payloads)
	case err != nil || mediaType != dataContentType && !strings.HasSuffix(mediaType, "+json"),
		strings.HasPrefix(mediaType, "application/cloudevents"):
		return nil, fmt.Errorf("cloudevent: Content-Type %.64q, want %s or %s", contentType, ContentType, dataContentType)
	}
	var env envelope
	for name, value := range map[string]*string{"Ce-Specversion": &env.SpecVersion, "Ce-Id": &env.ID, "Ce-Type": &env.Type} {
		encoded, err := header(h, name)
		if err != nil {
			return nil, err
		}
		if *value, err = decodeHeader(encoded); err != nil {
			return nil, fmt.Errorf("cloudevent: %s: %w", strings.ToLower(name), err)
		}
	}
	if err := json.Unmarshal(body, &env.Data); err != nil {
		return nil, fmt.Errorf("cloudevent: %w", err)
	}
	if strings.ContainsRune(env.ID, utf8.RuneError) {
		var inner dataID
		_ = json.Unmarshal(body, &inner) // read above without an error
		env.ID = cmp.Or(inner.ID, env.ID)
	}
	return env.event(payloads)
}

// header returns the value of a header that must be there once.
func header(h http.Header, name string) (string, error) {
	values := h.Values(name)
	if len(values) != 1 {
		return "", fmt.Errorf("cloudevent: %d headers %s, want 1", len(values), strings.ToLower(name))
	}
	return values[0], nil
}
