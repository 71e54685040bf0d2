package verify

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/accesshook/accesshook/event"
)

// undecodable is the event of a body that was verified and cannot be decoded. The
// vendor did send it, so handlers get what there is: the body.
func undecodable(body []byte) *event.Event {
	return &event.Event{
		Type:     event.Unknown,
		Outcome:  event.Unknown.Outcome(),
		Severity: event.Unknown.Severity(),
		Warnings: []event.Warning{{Path: "", Want: "object", Got: kind(body)}},
	}
}

// kind names the JSON kind of a body.
func kind(body []byte) string {
	body = bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\ufeff")), " \t\r\n")
	if !json.Valid(body) {
		return "not JSON"
	}
	switch body[0] {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	default:
		return "number"
	}
}

// verdict returns the answer for an event that a handler was called with. malformed is
// why the body could not be decoded, handled what the handler returned.
//
// An undecodable body is answered 400 even if its handler succeeded: the vendor must
// learn that something is wrong with what it sends. If the handler failed, the answer
// is that of any event, so that the vendor sends it again.
func verdict(malformed, handled error) (status int, err error) {
	status = callbackStatus(handled)
	if malformed == nil {
		return status, handled
	}
	if status < http.StatusBadRequest {
		status = http.StatusBadRequest
	}
	if handled != nil {
		malformed = fmt.Errorf("%w; %w", malformed, handled)
	}
	return status, malformed
}
