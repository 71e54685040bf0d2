package durable

import "errors"

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
	ErrMismatch = errors.New("durable: the store was created with other settings")
	// ErrConsumerDeleted is returned by Run if the consumer was deleted.
	ErrConsumerDeleted = errors.New("durable: the consumer was deleted")
	// ErrNotFound means that there is no such dead letter.
	ErrNotFound = errors.New("durable: no such dead letter")
	// ErrSchema means that a stored event was written by a newer version.
	ErrSchema = errors.New("durable: unknown schema of a stored event")
	// ErrSealed means that none of Config.RawKeys opens the body of a stored event.
	ErrSealed = errors.New("durable: no key opens the stored body")
)
