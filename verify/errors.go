package verify

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/accesshook/accesshook/event"
)

// Why a request is refused. Each stands for one answer of [Status]; test for
// them with [errors.Is]. None of them, and nothing that wraps them in this
// module, holds a credential, an expected signature or a part of the body.
var (
	// ErrMethod: the method is not POST (405).
	ErrMethod = errors.New("verify: method is not POST")
	// ErrForbidden: the client address is not in AllowFrom, or cannot be read where
	// it is needed (403).
	ErrForbidden = errors.New("verify: client address not allowed")
	// ErrContentEncoding: the body is compressed, which no vendor does (415).
	ErrContentEncoding = errors.New("verify: body has a content encoding")
	// ErrBodyTooLarge: the body is larger than MaxBody, or says that it is (413).
	ErrBodyTooLarge = errors.New("verify: body too large")
	// ErrBodyTimeout: the body did not arrive within BodyTimeout (408).
	ErrBodyTimeout = errors.New("verify: body did not arrive in time")
	// ErrBodyIncomplete: the body broke off or was framed wrongly (400).
	ErrBodyIncomplete = errors.New("verify: body incomplete")
	// ErrTooManyBodies: too many large bodies are being received at once, see
	// Config.MaxUnverified (503).
	ErrTooManyBodies = errors.New("verify: too many large bodies at once")
	// ErrRateLimited: the client is over its rate (429). If only failures count, it
	// comes together with the failure.
	ErrRateLimited = errors.New("verify: too many requests")
	// ErrMalformed: a verified body is not a JSON object (400).
	ErrMalformed = errors.New("verify: malformed body")

	// ErrUnauthenticated: the sender did not prove who it is (401). All errors
	// of verifiers, and those below, match it.
	ErrUnauthenticated = errors.New("verify: not authenticated")
	// ErrNoCredential: the credential is missing.
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
// what is [event.Permanent], 503 for [event.Unavailable], the status named at
// each error of this package, and 500 for anything else. What a callback returns
// to [Endpoint.Handler] is judged without the errors of this package, since they
// can only be about another request.
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

// callbackStatus is the status for what a callback returned. An error of this
// package's that comes from there, of another endpoint that the callback has
// asked, says nothing about the request at hand.
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
