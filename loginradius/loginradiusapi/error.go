package loginradiusapi

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/accesshook/accesshook/internal/apiclient"
	"github.com/accesshook/accesshook/internal/jsonbody"
)

// Reasons that an [*Error] may match, by [errors.Is].
var (
	// ErrNotFound means that there is no such subscription.
	ErrNotFound = errors.New("loginradiusapi: no such subscription")
	// ErrAlreadySubscribed means that the event is sent to the target URL already.
	ErrAlreadySubscribed = errors.New("loginradiusapi: already subscribed")
	// ErrTooMany means that there would be more subscriptions than allowed.
	ErrTooMany = errors.New("loginradiusapi: too many subscriptions")
)

// An Error is an answer of LoginRadius that is no success. Its texts are LoginRadius's,
// at most 500 bytes each, with invisible characters as escapes. Credentials of the
// request are masked.
type Error struct {
	// Status is that of HTTP. It is 200 to 299 if only the body says that the request
	// failed, or is not what a success looks like.
	Status int
	// ErrorCode is LoginRadius's, such as 1085. It is 0 if LoginRadius gave none.
	ErrorCode int
	// Message says what went wrong. If LoginRadius does not, it says what Status means.
	Message     string
	Description string
	// Errors are the fields that are wrong, at most 20.
	Errors []FieldError
	// RetryAfter is how long LoginRadius asks to wait. 0: it does not ask.
	RetryAfter time.Duration
}

// A FieldError says what is wrong with a field of a request.
type FieldError struct {
	FieldName    string
	ErrorMessage string
}

const maxFieldErrors = 20

// Error returns the fields in one line.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "loginradiusapi: status %d", e.Status)
	if e.ErrorCode != 0 {
		fmt.Fprintf(&b, ", error %d", e.ErrorCode)
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	if e.Description != "" && e.Description != e.Message {
		b.WriteString(": " + e.Description)
	}
	for _, f := range e.Errors {
		fmt.Fprintf(&b, "; %s: %s", f.FieldName, f.ErrorMessage)
	}
	return b.String()
}

// Is implements [errors.Is] for [ErrNotFound], [ErrAlreadySubscribed] and [ErrTooMany].
// The codes from 7900 on are of the newer reference.
func (e *Error) Is(target error) bool {
	switch target {
	case ErrNotFound:
		return e.Status == 404 || e.ErrorCode == 1112 || e.ErrorCode == 7986
	case ErrAlreadySubscribed:
		return e.ErrorCode == 1110 || e.ErrorCode == 7989
	case ErrTooMany:
		return e.ErrorCode == 1085
	}
	return false
}

// errorOf returns the error of an answer, or nil if it is a success.
func errorOf(a *apiclient.Answer) error {
	var body struct {
		ErrorCode   int
		Message     string
		Description string
		Errors      []FieldError
	}
	_, err := jsonbody.Unmarshal(a.Body, &body)
	if a.IsSuccess() && (err != nil || body.ErrorCode == 0) {
		return nil
	}
	e := &Error{
		Status: a.Status, ErrorCode: body.ErrorCode,
		Message: a.Text(body.Message), Description: a.Text(body.Description), RetryAfter: a.RetryAfter(),
	}
	if e.Message == "" && e.Description == "" && !a.IsSuccess() {
		e.Message = a.Reason()
	}
	for _, f := range body.Errors[:min(len(body.Errors), maxFieldErrors)] {
		e.Errors = append(e.Errors, FieldError{a.Text(f.FieldName), a.Text(f.ErrorMessage)})
	}
	return e
}

// unexpected returns the error of an answer whose body is not what a success looks like.
func unexpected(a *apiclient.Answer, message string) *Error {
	return &Error{Status: a.Status, Message: message}
}

// isKept reports whether the answer to a delete says that nothing was deleted.
func isKept(body []byte) bool {
	var deleted struct{ IsDeleted *bool }
	_, err := jsonbody.Unmarshal(body, &deleted)
	return err == nil && deleted.IsDeleted != nil && !*deleted.IsDeleted
}
