package durable

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/accesshook/accesshook/event"
)

// What a sender is told to wait after a 503.
const (
	retryAfterBusy  = time.Second
	retryAfterFault = 10 * time.Second
	retryAfterFull  = time.Minute
)

// deadLetterRoom is what a message may grow by when it becomes a dead letter.
const deadLetterRoom = 4 << 10

// HandleEvent stores e and returns nil once the store has it, or had it already.
// Nothing of e is kept. What its errors mean is said at [ErrNoAnswer] and the
// following.
func (s *Store) HandleEvent(ctx context.Context, e *event.Event) error {
	if s.base.Err() != nil {
		return event.Unavailable(ErrClosed, retryAfterFault)
	}
	select {
	case s.inFlight <- struct{}{}:
		defer func() { <-s.inFlight }()
	default:
		return event.Unavailable(ErrBusy, retryAfterBusy)
	}
	m, shard, err := s.encode(e)
	if err != nil {
		return err
	}
	if int64(m.Size()) > s.nc.MaxPayload()-deadLetterRoom {
		return fmt.Errorf("%w: %d bytes", ErrTooLarge, m.Size())
	}
	// The client would keep what is published while it has no connection, and
	// the sender would wait until the timeout.
	if !s.nc.IsConnected() {
		return event.Unavailable(fmt.Errorf("%w: %s", ErrNoAnswer, strings.ToLower(s.nc.Status().String())), retryAfterFault)
	}
	ctx, cancel := context.WithTimeout(ctx, s.c.PublishTimeout)
	defer cancel()
	if _, err = s.js.PublishMsg(ctx, m, jetstream.WithExpectStream(s.names.stream(shard))); err != nil {
		return s.publishError(err)
	}
	return nil
}

// Codes of the server's errors, of server/errors.json of nats-server.
const (
	codeAccountResources   jetstream.ErrorCode = 10002
	codeResources          jetstream.ErrorCode = 10023
	codeStorageResources   jetstream.ErrorCode = 10047
	codeMessageTooLarge    jetstream.ErrorCode = 10054
	codeStoreFailed        jetstream.ErrorCode = 10077
	codeDuplicateInProcess jetstream.ErrorCode = 10158
)

// publishError says what err of the client means to who sent the event.
func (s *Store) publishError(err error) error {
	if errors.Is(err, nats.ErrMaxPayload) {
		return fmt.Errorf("%w: %w", ErrTooLarge, err)
	}
	var api *jetstream.APIError
	if !errors.As(err, &api) {
		return event.Unavailable(fmt.Errorf("%w: %w", ErrNoAnswer, err), retryAfterFault)
	}
	switch {
	case api.ErrorCode == codeMessageTooLarge, api.ErrorCode == codeStoreFailed && api.Description == "message too large": // on disk
		return fmt.Errorf("%w: %w", ErrTooLarge, err)
	case api.ErrorCode == codeDuplicateInProcess:
		return event.Unavailable(ErrInProgress, retryAfterBusy)
	case api.ErrorCode == codeStoreFailed && strings.HasPrefix(api.Description, "maximum "),
		api.ErrorCode == codeAccountResources, api.ErrorCode == codeResources, api.ErrorCode == codeStorageResources:
		s.tellFull()
		return event.Unavailable(fmt.Errorf("%w: %w", ErrFull, err), retryAfterFull)
	}
	return event.Unavailable(fmt.Errorf("%w: %w", ErrRefused, err), retryAfterFault)
}

// tellFull has Run make room now.
func (s *Store) tellFull() {
	select {
	case s.full <- struct{}{}:
	default:
	}
}
