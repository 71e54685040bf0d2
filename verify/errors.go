package verify

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/accesshook/accesshook/event"
)

// Why a request is refused. Each stands for one answer of [Status]. Test for them with
// [errors.Is]. No error of this module contains a credential, an expected signature or a
// part of the body.
var (
	// ErrMethod: the method is not POST (405).
	ErrMethod = errors.New("verify: method is not POST")
	// ErrForbidden: the client address is not in AllowFrom, or is not known where it
	// is needed (403).
	ErrForbidden = errors.New("verify: client address not allowed")
	// ErrContentEncoding: the body has a content coding other than identity, such as
	// gzip, which no vendor uses (415).
	ErrContentEncoding = errors.New("verify: body has a content encoding")
	// ErrBodyTooLarge: the body, or its Content-Length, is larger than MaxBody (413).
	ErrBodyTooLarge = errors.New("verify: body too large")
	// ErrBodyTimeout: the body did not arrive within BodyTimeout (408).
	ErrBodyTimeout = errors.New("verify: body did not arrive in time")
	// ErrBodyIncomplete: the body broke off, or its framing is wrong (400).
	ErrBodyIncomplete = errors.New("verify: body incomplete")
	// ErrTooManyBodies: too many large bodies arrive at once, see
	// Config.MaxUnverified (503).
	ErrTooManyBodies = errors.New("verify: too many large bodies at once")
	// ErrRateLimited: the client is over its rate (429). If only failures count, the
	// error matches that of the failure too.
	ErrRateLimited = errors.New("verify: too many requests")
	// ErrMalformed: a verified body cannot be decoded: it is no JSON object, or the
	// decoder failed (400). There is an event, see [Endpoint.Receive].
	ErrMalformed = errors.New("verify: malformed body")

	// ErrUnauthenticated: the sender did not prove who it is (401). All errors of
	// verifiers match it, and so do the errors below.
	ErrUnauthenticated = errors.New("verify: not authenticated")
	// ErrNoCredential: there is no credential. RateLimit does not count it as a
	// failure.
	ErrNoCredential = fmt.Errorf("%w: credential missing", ErrUnauthenticated)
	// ErrBadCredential: the credential is repeated, malformed or wrong.
	ErrBadCredential = fmt.Errorf("%w: credential refused", ErrUnauthenticated)
	// ErrStale: the event's time is outside MaxAge or MaxFuture, or a signed timestamp
	// is outside SignedConfig.Window.
	ErrStale = fmt.Errorf("%w: event outside the age window", ErrUnauthenticated)
)

// The one place where a reason becomes a status.
var statuses = []struct {
	err    error
	status int
}{
	{ErrRateLimited, http.StatusTooManyRequests}, // also if it was a failure too many
	{ErrUnauthenticated, http.StatusUnauthorized},
	{ErrMalformed, http.StatusBadRequest},
	{ErrMethod, http.StatusMethodNotAllowed},
	{ErrForbidden, http.StatusForbidden},
	{ErrContentEncoding, http.StatusUnsupportedMediaType},
	{ErrBodyTooLarge, http.StatusRequestEntityTooLarge},
	{ErrBodyTimeout, http.StatusRequestTimeout},
	{ErrBodyIncomplete, http.StatusBadRequest},
}

// Status returns the HTTP status that err is answered with: 200 for nil and for
// [event.Permanent], 503 for [event.Unavailable], the status named at each error of this
// package, and 500 for anything else. [Endpoint.Handler] does not look for the errors of
// this package in what a callback returns: they can only be about another request.
func Status(err error) int {
	if err == nil {
		return http.StatusOK
	}
	for _, s := range statuses {
		if errors.Is(err, s.err) {
			return s.status
		}
	}
	return callbackStatus(err)
}

// callbackStatus is the status for what a callback returned. An error of this package
// comes from another endpoint that the callback has asked, and says nothing about the
// request at hand.
func callbackStatus(err error) int {
	if err == nil {
		return http.StatusOK
	}
	if _, ok := event.IsUnavailable(err); ok {
		return http.StatusServiceUnavailable
	}
	if event.IsPermanent(err) {
		return http.StatusOK
	}
	return http.StatusInternalServerError
}
