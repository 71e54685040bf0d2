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

// The Retry-After values of a 503.
const (
	retryAfterBusy  = time.Second
	retryAfterFault = 10 * time.Second
	retryAfterFull  = time.Minute
)

// HandleEvent stores e and returns nil once the store has it, or had it already: a
// duplicate is dropped, and marked with event.MarkDuplicate. Nothing of e is kept in
// memory. The errors are described at [ErrNoAnswer] and the following.
//
// It returns within Config.PublishTimeout, or when ctx is done, with one exception: when
// the connection blocks, as when the disk of an embedded store stalls, up to MaxInFlight
// calls block with it until that is detected. All later calls return ErrNoAnswer at once.
// So do most calls for a shard that has not answered for 3 seconds.
func (s *Store) HandleEvent(ctx context.Context, e *event.Event) error {
	if s.base.Err() != nil {
		return event.Unavailable(ErrClosed, retryAfterFault)
	}
	if reason := s.unsynced.Load(); reason != nil {
		return event.Unavailable(*reason, retryAfterFault)
	}
	if s.isReentry(ctx, e) {
		return errReentry
	}
	s.logUnknownVendor(ctx, e)
	m, shard, err := s.encode(e)
	if err != nil {
		return err
	}
	// Larger than the server takes, also as a dead letter.
	if int64(m.Size()) > s.c.maxMessage()-deadRoom {
		return fmt.Errorf("%w: %d bytes", ErrTooLarge, m.Size())
	}
	select {
	case s.inFlight <- struct{}{}:
		defer func() { <-s.inFlight }()
	default:
		return event.Unavailable(ErrBusy, retryAfterBusy)
	}
	if s.stuck.Load() > 0 {
		return s.publishError(shard, errStuck)
	}
	defer s.watchStuck()()
	// Without a connection the client would buffer the message, and the sender would
	// wait until the timeout.
	if !s.nc.IsConnected() {
		return s.publishError(shard, errNotConnected)
	}
	ctx, cancel := context.WithTimeout(ctx, s.c.PublishTimeout)
	defer cancel()
	began := time.Now()
	if err := s.watchdog.begin(shard, began); err != nil {
		return s.publishError(shard, err)
	}
	ack, err := s.js.PublishMsg(ctx, m)
	s.watchdog.end(shard, began, time.Now(), err)
	if err != nil {
		return s.publishError(shard, err)
	}
	if ack.Stream != s.names.stream(shard) {
		return event.Unavailable(fmt.Errorf("%w: stream %.64q took it", ErrRefused, ack.Stream), retryAfterFault)
	}
	switch {
	case ack.Duplicate:
		s.noteDuplicate(ctx, e, m.Data, shard, ack.Sequence)
	case undecoded(e) && s.sealer.empty():
		s.logLostBody(ctx, e)
	}
	return nil
}

// AcceptsVendor returns an error if the store could not read the events of vendor
// back, since Config.Payloads has no entry for it. The Handler and Middleware methods
// of an endpoint ask, and panic with that error, so that a service finds out when it
// starts.
func (s *Store) AcceptsVendor(vendor string) error {
	if _, ok := s.c.Payloads[vendor]; !ok {
		return fmt.Errorf("durable: Config.Payloads has no entry for vendor %.64q: its events could be stored, and not read back", vendor)
	}
	return nil
}

var (
	errNotConnected = errors.New("not connected")
	errStuck        = errors.New("the connection blocks")
)

// watchStuck counts a call as stuck if done is not called within twice PublishTimeout:
// the client ignores the context while the connection blocks.
func (s *Store) watchStuck() (done func()) {
	t := time.AfterFunc(2*s.c.PublishTimeout, func() { s.stuck.Add(1) })
	return func() {
		if !t.Stop() {
			s.stuck.Add(-1)
		}
	}
}

// Error codes of the server, from server/errors.json of nats-server.
const (
	codeAccountResources   jetstream.ErrorCode = 10002
	codeNoPeers            jetstream.ErrorCode = 10005
	codeNotAvailable       jetstream.ErrorCode = 10008
	codeResources          jetstream.ErrorCode = 10023
	codeStorageResources   jetstream.ErrorCode = 10047
	codeMessageTooLarge    jetstream.ErrorCode = 10054
	codeStoreFailed        jetstream.ErrorCode = 10077
	codeDuplicateInProcess jetstream.ErrorCode = 10158
)

// publishError returns the error of HandleEvent for err of the client.
func (s *Store) publishError(shard int, err error) error {
	if errors.Is(err, nats.ErrMaxPayload) {
		return fmt.Errorf("%w: %w", ErrTooLarge, err)
	}
	if errors.Is(err, nats.ErrPermissionViolation) {
		return event.Unavailable(fmt.Errorf("%w: %w", ErrRefused, err), retryAfterFault)
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
	case isFull(err):
		s.requestPurge(shard)
		return event.Unavailable(fmt.Errorf("%w: %w", ErrFull, err), retryAfterFull)
	}
	return event.Unavailable(fmt.Errorf("%w: %w", ErrRefused, err), retryAfterFault)
}

// isFull reports whether err of the client says that a shard, or the server, is full.
func isFull(err error) bool {
	api, ok := errors.AsType[*jetstream.APIError](err)
	if !ok {
		return false
	}
	switch api.ErrorCode {
	case codeStoreFailed:
		return strings.HasPrefix(api.Description, "maximum ")
	case codeAccountResources, codeResources, codeStorageResources:
		return true
	}
	return false
}

// requestPurge has Run purge a full shard now.
func (s *Store) requestPurge(shard int) {
	select {
	case s.full <- shard:
	default: // there is a request already, and the next full answer makes another
	}
}
