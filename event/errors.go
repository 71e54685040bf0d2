package event

import (
	"errors"
	"time"
)

// Permanent marks err as one that trying again cannot help. The vendor is answered
// 200, and the error goes to the endpoint's log and Observe. Permanent(nil) is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err}
}

type permanentError struct{ err error }

func (e *permanentError) Error() string { return e.err.Error() }
func (e *permanentError) Unwrap() error { return e.err }

// IsPermanent reports whether err was marked by [Permanent]. Of joined errors all
// must be: if one of several callbacks may succeed next time, the event must come
// again. A panic is never permanent.
func IsPermanent(err error) bool {
	for err != nil {
		switch err.(type) {
		case *permanentError:
			return true
		case *PanicError:
			return false // whatever was passed to panic
		}
		switch x := err.(type) {
		case interface{ Unwrap() []error }:
			leaves := 0
			for _, sub := range x.Unwrap() {
				if sub == nil {
					continue
				}
				if !IsPermanent(sub) {
					return false
				}
				leaves++
			}
			return leaves > 0
		case interface{ Unwrap() error }:
			err = x.Unwrap()
		default:
			return false
		}
	}
	return false
}

// Unavailable marks err as temporary. The vendor is answered 503, with the
// Retry-After value retryAfter, rounded up to whole seconds; a value that is not
// positive leaves the header out. Unavailable(nil, d) is nil.
func Unavailable(err error, retryAfter time.Duration) error {
	if err == nil {
		return nil
	}
	return &unavailableError{err, retryAfter}
}

type unavailableError struct {
	err        error
	retryAfter time.Duration
}

func (e *unavailableError) Error() string { return e.err.Error() }
func (e *unavailableError) Unwrap() error { return e.err }

// IsUnavailable reports whether err, or any of the errors joined in it, was marked
// by [Unavailable]. It returns the longest retryAfter among them.
func IsUnavailable(err error) (retryAfter time.Duration, ok bool) {
	for err != nil {
		switch u := err.(type) {
		case *unavailableError:
			retryAfter, ok = max(retryAfter, u.retryAfter), true
		case *PanicError:
			return retryAfter, ok // whatever was passed to panic
		}
		switch x := err.(type) {
		case interface{ Unwrap() []error }:
			for _, sub := range x.Unwrap() {
				if d, is := IsUnavailable(sub); is {
					retryAfter, ok = max(retryAfter, d), true
				}
			}
			return retryAfter, ok
		case interface{ Unwrap() error }:
			err = x.Unwrap()
		default:
			return retryAfter, ok
		}
	}
	return retryAfter, ok
}

var errNilHandler = errors.New("event: nil handler")
