package durable

import (
	"errors"
	"fmt"
)

// The errors of HandleEvent of a [Store]. All but ErrTooLarge and ErrInvalid are marked
// event.Unavailable, which endpoints answer 503.
var (
	// ErrNoAnswer means that the store could not be reached, or did not answer in
	// time. The event may have been stored nevertheless.
	ErrNoAnswer = errors.New("durable: no answer from the store")
	// ErrFull means that the store is full of events that no consumer has acknowledged,
	// or that the NATS server has reached a limit of its own.
	ErrFull = errors.New("durable: the store is full")
	// ErrBusy means that Config.MaxInFlight events are being stored already.
	ErrBusy = errors.New("durable: too many events are being stored at once")
	// ErrInProgress means that a cluster is still storing another delivery of the
	// same event.
	ErrInProgress = errors.New("durable: another delivery of this event is still being stored")
	// ErrRefused means that the NATS server refused for another reason, which is in
	// the error.
	ErrRefused = errors.New("durable: the store refused the event")
	// ErrClosed means that the store was closed.
	ErrClosed = errors.New("durable: the store is closed")
	// ErrTooLarge means that an event is larger than Config.MaxBody allows for, or than
	// the NATS server takes. Sending it again cannot help.
	ErrTooLarge = errors.New("durable: the event is larger than the store takes")
	// ErrInvalid means that an event cannot be stored: it has no ID or no proper
	// Vendor, or cannot be encoded.
	ErrInvalid = errors.New("durable: the event cannot be stored")
)

var (
	// ErrMismatch is returned by [Connect] if the store was created with another number
	// of shards or another order, or if a stream of that name is not from this package.
	// The error is a [MismatchError].
	ErrMismatch = errors.New("durable: the store was created with other settings")
	// ErrSettings is returned by [Connect] and Run if somebody has changed a setting of a
	// stream or a consumer so that the store could lose events, or stand still. The error
	// says which, and why. Change it back with the tools of NATS.
	ErrSettings = errors.New("durable: a setting breaks what the store promises")
	// ErrConsumerDeleted is returned by Run if the consumer was deleted.
	ErrConsumerDeleted = errors.New("durable: the consumer was deleted")
	// ErrNotFound means that there is no such dead letter.
	ErrNotFound = errors.New("durable: no such dead letter")
	// ErrSchema means that a stored event was written by a newer version.
	ErrSchema = errors.New("durable: unknown schema of a stored event")
	// ErrSealed means that none of Config.RawKeys opens the body of a stored event.
	ErrSealed = errors.New("durable: no key opens the stored body")
)

// A MismatchError says which setting of a store differs. errors.Is reports that it is
// [ErrMismatch].
type MismatchError struct {
	// Setting is "Order", "Shards" or "Name", a field of [Config], or "Schema": another
	// version of this package has written the store. It is "Name" if the stream is not
	// from this package, or if the directory of an embedded store has another store.
	Setting string
	Was     string // as the store has it; empty if it is not a store
	Is      string // as Config or this version has it
	Stream  string // where it was found; empty if that is not one stream
}

func (e *MismatchError) Error() string {
	switch {
	case e.Setting == "Name" && e.Was == "":
		return fmt.Sprintf("%v: stream %s is not from this package: choose another Config.Name than %q, or remove the stream", ErrMismatch, e.Stream, e.Is)
	case e.Setting == "Name":
		return fmt.Sprintf("%v: it has the name %.64q, and Config.Name is %q", ErrMismatch, e.Was, e.Is)
	case e.Setting == "Schema":
		return fmt.Sprintf("%v: another version of this package has written it: stream %s has schema %.32q, and this version has %q", ErrMismatch, e.Stream, e.Was, e.Is)
	}
	return fmt.Sprintf("%v: it has the %s %.32q (stream %s), and Config says %q", ErrMismatch, e.Setting, e.Was, e.Stream, e.Is)
}

// Unwrap returns [ErrMismatch].
func (e *MismatchError) Unwrap() error { return ErrMismatch }
