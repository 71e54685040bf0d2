package durable

import "errors"

// What a [Store] answers when it has not stored an event. All but ErrTooLarge
// and ErrInvalid are marked event.Unavailable: 503.
var (
	// ErrNoAnswer means that the store could not be reached, or did not answer in
	// time. The event may have been stored nevertheless.
	ErrNoAnswer = errors.New("durable: no answer from the store")
	// ErrFull means that events fill the store which no callback has finished, or
	// that the NATS server has reached a limit of its own.
	ErrFull = errors.New("durable: the store is full")
	// ErrBusy means that Config.MaxInFlight events are being stored already.
	ErrBusy = errors.New("durable: too many events are being stored at once")
	// ErrInProgress means that a cluster is still storing another delivery of the
	// same event.
	ErrInProgress = errors.New("durable: another delivery of this event is still being stored")
	// ErrRefused means that the NATS server refused for another reason, which the
	// error says.
	ErrRefused = errors.New("durable: the store refused the event")
	// ErrClosed means that the store was closed.
	ErrClosed = errors.New("durable: the store is closed")
	// ErrTooLarge means that an event is larger than Config.MaxBody gave reason to
	// expect, or than the NATS server takes. Sending it again cannot help.
	ErrTooLarge = errors.New("durable: the event is larger than the store takes")
	// ErrInvalid means that an event cannot be stored: it has no ID or no proper
	// Vendor, or cannot be encoded.
	ErrInvalid = errors.New("durable: the event cannot be stored")
)

var (
	// ErrMismatch is returned by [Connect] if the store was created with another
	// number of shards or another order, or if a stream of one of its names is
	// somebody else's.
	ErrMismatch = errors.New("durable: the store was created with other settings")
	// ErrConsumerDeleted is returned by Run if somebody deleted the consumer.
	ErrConsumerDeleted = errors.New("durable: the consumer was deleted")
	// ErrNotFound means that there is no such dead letter.
	ErrNotFound = errors.New("durable: no such dead letter")
	// ErrSchema means that a stored event was written by a newer version.
	ErrSchema = errors.New("durable: unknown schema of a stored event")
	// ErrSealed means that none of Config.RawKeys opens the body of a stored event.
	ErrSealed = errors.New("durable: no key opens the stored body")
)
