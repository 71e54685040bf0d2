package relockapi

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/apiclient"
	"github.com/accesshook/accesshook/internal/jsonbody"
)

// An Error is an answer of Relock that is no success. Its texts are Relock's, at most 500
// bytes each, with invisible characters as escapes. Credentials of the request are masked.
type Error struct {
	// Status is that of HTTP. It is 200 to 299 if only the body says that the request
	// failed, or is not what a success looks like.
	Status int
	// Code is such as "INVALID_API_KEY". It is empty if Relock gave none.
	Code string
	// Message says what went wrong. If Relock does not, it says what Status means.
	Message string
	// Details is JSON, or text, about what was wrong. It is often empty.
	Details string
	// RequestID is Relock's name of the request, to ask its support about.
	RequestID string
	// RetryAfter is how long Relock asks to wait, by a header or in the body. 0: it does
	// not ask.
	RetryAfter time.Duration
}

// Error returns the fields in one line.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "relockapi: status %d", e.Status)
	if e.Code != "" {
		b.WriteString(" " + e.Code)
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	if e.Details != "" {
		b.WriteString(": " + e.Details)
	}
	if e.RequestID != "" {
		b.WriteString(" (request " + e.RequestID + ")")
	}
	return b.String()
}

// An envelope is an answer in any of the documented forms: six of errors, two of success.
//
//	{"success":false,"error":{"code":…,"message":…,"details":{…}},"meta":{"timestamp":…,"requestId":…}}
//	{"success":false,"error":{"code":…,"message":…,"details":{"retryAfter":60,…}}}
//	{"status":"error","error":{"code":…,"message":…,"details":{"retry_after":60,…}},"timestamp":…,"request_id":…}
//	{"error":{"code":…,"message":…,"details":"…","timestamp":…,"request_id":…}}
//	{"success":false,"error":"…","status_code":417,"status_info":"…"}
//	{"status_code":401,"message":"…"}
//	{"success":true,"data":{…},"meta":{…}}
//	{"status":"success","data":{…},"timestamp":…}
//
// See docs/api/endpoints.md, docs/api/authentication.md, docs/reference/status-codes.md,
// docs/integration/api-reference.md and docs/api/gateway-api.md in
// https://github.com/davidrelock/relock-docs/tree/a14ab92, and relock-api.yaml in
// https://github.com/davidrelock/relock-docs/tree/0efc73f.
type envelope struct {
	Success    *bool        `json:"success"`
	Status     event.Text   `json:"status"`
	StatusCode int          `json:"status_code"`
	StatusInfo string       `json:"status_info"`
	Message    string       `json:"message"`
	Error      problem      `json:"error"`
	RequestID  event.Text   `json:"request_id"`
	Meta       meta         `json:"meta"`
	Data       Registration `json:"data"`
}

type problem struct {
	Code      event.Text      `json:"code"`
	Message   string          `json:"message" accesshook:"scalar"` // "error":"…"
	Details   json.RawMessage `json:"details"`
	RequestID event.Text      `json:"request_id"`
}

type meta struct {
	RequestID event.Text `json:"requestId"`
}

// limits are the details of an answer with status 429.
type limits struct {
	RetryAfterCamel float64 `json:"retryAfter"` // seconds
	RetryAfterSnake float64 `json:"retry_after"`
}

// refused reports whether the body says that the request failed, whatever the status.
func (e *envelope) refused() bool {
	if e.Success != nil {
		return !*e.Success
	}
	failed := e.Error.Code != "" || e.Error.Message != "" || e.StatusCode >= 300
	return failed || e.Status != "" && !strings.EqualFold(string(e.Status), "success")
}

// newError returns the error of an answer that is no success.
func newError(a *apiclient.Answer) *Error {
	var body envelope
	_, err := jsonbody.Unmarshal(a.Body, &body)
	reason := a.Reason()
	switch {
	case a.IsSuccess() && err != nil:
		reason = "the answer is no JSON object"
	case a.IsSuccess():
		reason = "the answer says that the request failed"
	}
	e := &Error{
		Status:     a.Status,
		Code:       a.Text(string(body.Error.Code)),
		Message:    a.Text(cmp.Or(body.Error.Message, body.Message, body.StatusInfo, reason)),
		RequestID:  a.Text(cmp.Or(string(body.RequestID), string(body.Error.RequestID), string(body.Meta.RequestID))),
		RetryAfter: a.RetryAfter(),
	}
	if body.Error.Message != "" && body.StatusInfo != "" {
		e.Details = a.Text(body.StatusInfo)
	}
	if details := body.Error.Details; len(details) > len("{}") {
		var text string
		if json.Unmarshal(details, &text) != nil {
			text = string(details)
		}
		e.Details = a.Text(text)
		if e.RetryAfter == 0 {
			e.RetryAfter = retryAfter(details)
		}
	}
	return e
}

// retryAfter reads the details of an answer with status 429.
func retryAfter(details json.RawMessage) time.Duration {
	var l limits
	if _, err := jsonbody.Unmarshal(details, &l); err != nil {
		return 0 // a list, or text
	}
	const most = 100 * 365 * 24 * 60 * 60
	seconds := min(max(l.RetryAfterCamel, l.RetryAfterSnake, 0), most)
	return time.Duration(seconds * float64(time.Second))
}
