package unlocapi

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/accesshook/accesshook/internal/apiclient"
)

// An Error is an answer of Unloc's that is no success. Find it with [errors.As]. Its
// strings come from Unloc, without secrets, with invisible characters escaped, and with at
// most 500 bytes each. They may hold personal data that the request had.
type Error struct {
	Status int
	// Code names the error, such as "JsonWebTokenError" or "invalid_client". It may be
	// empty.
	Code string
	// Message is what Unloc says, or the text of the status.
	Message string
	// InvalidParams are the parameters that Unloc did not accept, at most 16.
	InvalidParams []InvalidParam
	// RetryAfter is how long Unloc asks to wait. 0: it does not ask.
	RetryAfter time.Duration

	task string
}

// An InvalidParam is a parameter that Unloc did not accept.
type InvalidParam struct{ Name, Reason string }

// Error returns "unlocapi: ", what was asked for, the status, the message and what else is
// known.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("unlocapi: ")
	if e.task != "" {
		b.WriteString(e.task + ": ")
	}
	fmt.Fprintf(&b, "status %d: %s", e.Status, e.Message)
	if e.Code != "" {
		fmt.Fprintf(&b, " (%s)", e.Code)
	}
	for _, p := range e.InvalidParams {
		fmt.Fprintf(&b, "; %s: %s", p.Name, p.Reason)
	}
	return b.String()
}

const maxInvalidParams = 16

// newError reads the forms of error that Unloc documents or has been seen to send:
// error and errorDescription of version 1, problem+json with invalidParams, and those of
// OAuth (RFC 6749, section 5.2). A member of another type than expected is left out.
func newError(task string, a *apiclient.Answer) *Error {
	e := &Error{Status: a.Status, RetryAfter: a.RetryAfter(), task: task}
	var members map[string]json.RawMessage
	_ = json.Unmarshal(a.Body, &members) // what is no JSON, such as a proxy's page, says nothing
	text := func(from map[string]json.RawMessage, names ...string) string {
		for _, name := range names {
			var s string
			if json.Unmarshal(from[name], &s) == nil && s != "" {
				return a.Text(s)
			}
		}
		return ""
	}
	e.Code = text(members, "error", "code")
	e.Message = text(members, "errorDescription", "error_description", "detail", "title", "message")
	if e.Message == "" {
		e.Message = a.Reason()
	}
	var params []map[string]json.RawMessage
	_ = json.Unmarshal(members["invalidParams"], &params)
	for _, p := range params[:min(len(params), maxInvalidParams)] {
		if p := (InvalidParam{text(p, "name"), text(p, "reason")}); p != (InvalidParam{}) {
			e.InvalidParams = append(e.InvalidParams, p)
		}
	}
	return e
}
