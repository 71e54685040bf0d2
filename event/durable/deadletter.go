package durable

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/accesshook/accesshook/event"
)

// Headers of a dead letter, besides those of the event.
const (
	headerDeadConsumer = "Accesshook-Dead-Consumer"
	headerDeadAttempts = "Accesshook-Dead-Attempts"
	headerDeadError    = "Accesshook-Dead-Error"
	headerDeadReason   = "Accesshook-Dead-Reason" // a DeadReason
	headerDeadStored   = "Accesshook-Dead-Stored" // when the event was stored, RFC 3339
	headerDeadTime     = "Accesshook-Dead-Time"   // when it became a dead letter, if it was moved since, RFC 3339
)

// maxDeadError is the length in bytes of the error that a dead letter has.
const maxDeadError = 1024

// A DeadLetter is an event that a consumer could not handle. It stays until it has been
// retried with success, or was dropped.
type DeadLetter struct {
	Number   uint64 // for [Store.RetryDead] and [Store.DropDead]
	Consumer string // who could not handle it
	Attempts int    // how often it was tried
	Reason   DeadReason
	Error    string    // the last error: one line, at most 1 KiB
	Time     time.Time // when it became a dead letter
	Stored   time.Time // when the event was stored

	// Event is the event, nil if it cannot be decoded (EventError says why).
	Event      *event.Event
	EventError error
	// Data is the event as it is stored: the JSON of a CloudEvent.
	Data json.RawMessage
}

// writeDead stores the dead letter of a delivery.
func (d *delivery) writeDead(ctx context.Context, a Attempt) error {
	ctx, cancel := context.WithTimeout(ctx, d.Store.c.PublishTimeout)
	defer cancel()
	// If it is not, what follows is of the new one.
	if _, err := d.sameConsumer(ctx); err != nil {
		return err
	}
	m := nats.NewMsg(d.names.deadLetter(d.c.Name, d.msg.Subject()))
	m.Data = d.msg.Data()
	for _, key := range []string{HeaderSchema, HeaderCredential, HeaderRaw, headerContentType} {
		if v := d.msg.Headers().Get(key); v != "" {
			m.Header.Set(key, v)
		}
	}
	// It is published twice if the process dies before the event is acknowledged, and
	// stored once. All shards share the stream of dead letters, and each counts its
	// events from one. The last two parts are for a stream and a consumer that were
	// deleted and created again.
	m.Header.Set(nats.MsgIdHdr, fmt.Sprintf("dead:%s:%d:%d:%d:%s", d.c.Name, d.meta.Sequence.Stream, d.feed.shard,
		d.meta.Timestamp.UnixNano(), d.made))
	m.Header.Set(headerDeadConsumer, d.c.Name)
	m.Header.Set(headerDeadAttempts, strconv.Itoa(a.Number))
	m.Header.Set(headerDeadReason, string(d.deadReason(a)))
	m.Header.Set(headerDeadStored, d.meta.Timestamp.UTC().Format(time.RFC3339Nano))
	m.Header.Set(headerDeadError, oneLine(a.Err.Error(), maxDeadError))
	_, err := d.js.PublishMsg(ctx, m, jetstream.WithExpectStream(d.names.dead()))
	return err
}

// oneLine makes s a header value of at most limit bytes.
func oneLine(s string, limit int) string {
	s = strings.ToValidUTF8(s[:min(len(s), limit)], "")
	s = strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) { // controls, line separators, bidirectional marks
			return ' '
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}

// DeadLetters returns up to limit dead letters with a Number above after, the oldest
// first. limit must be 1 to 1,000. All of them are in memory at once.
func (s *Store) DeadLetters(ctx context.Context, after uint64, limit int) (letters []DeadLetter, err error) {
	if limit < 1 || limit > 1000 {
		return nil, errors.New("durable: limit must be 1 to 1000")
	}
	err = s.eachDead(ctx, DeadFilter{After: after}, min(limit, s.c.ahead()), func(l DeadLetter) bool {
		letters = append(letters, l)
		return len(letters) < limit
	})
	return letters, err
}

// DeadLetter returns one dead letter, or [ErrNotFound].
func (s *Store) DeadLetter(ctx context.Context, number uint64) (DeadLetter, error) {
	stream, err := s.js.Stream(ctx, s.names.dead())
	if err != nil {
		return DeadLetter{}, fmt.Errorf("durable: dead letters: %w", err)
	}
	m, err := stream.GetMsg(ctx, number)
	if err != nil {
		return DeadLetter{}, deadError(number, err)
	}
	return s.deadLetter(m.Sequence, m.Time, m.Header, m.Data), nil
}

// RetryDead calls h with the event of a dead letter, and deletes the dead letter if h
// returns nil. Otherwise it returns h's error, and the dead letter stays. h gets ctx. Two
// calls at once call h twice. Close waits for h.
func (s *Store) RetryDead(ctx context.Context, number uint64, h event.Handler) error {
	if h == nil {
		return errors.New("durable: nil handler")
	}
	_, end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	letter, err := s.DeadLetter(ctx, number)
	if err != nil {
		return err
	}
	if letter.EventError != nil {
		return letter.EventError
	}
	if err := s.withOrigin(h).HandleEvent(ctx, letter.Event); err != nil {
		return err
	}
	// The event is handled, so an end of the context must not keep the dead letter.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.c.PublishTimeout)
	defer cancel()
	if err := s.DropDead(ctx, number); err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	return nil
}

// DropDead deletes a dead letter and the event in it. It returns [ErrNotFound] if
// there is none.
func (s *Store) DropDead(ctx context.Context, number uint64) error {
	stream, err := s.js.Stream(ctx, s.names.dead())
	if err != nil {
		return fmt.Errorf("durable: dead letters: %w", err)
	}
	err = stream.DeleteMsg(ctx, number)
	if err != nil {
		// The server has several errors for a message that does not exist.
		if _, missing := stream.GetMsg(ctx, number); errors.Is(missing, jetstream.ErrMsgNotFound) {
			err = missing
		}
	}
	return deadError(number, err)
}

// deadError returns the error for err of a request for a dead letter.
func deadError(number uint64, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, jetstream.ErrMsgNotFound), number == 0:
		return fmt.Errorf("%w: %d", ErrNotFound, number)
	}
	return fmt.Errorf("durable: dead letter %d: %w", number, err)
}

// deadTime is when an event became a dead letter that this store has had since at.
func deadTime(at time.Time, h nats.Header) time.Time {
	if t, err := time.Parse(time.RFC3339Nano, h.Get(headerDeadTime)); err == nil {
		return t
	}
	return at
}

func (s *Store) deadLetter(number uint64, at time.Time, h nats.Header, data []byte) DeadLetter {
	l := DeadLetter{
		Number: number, Consumer: h.Get(headerDeadConsumer), Error: h.Get(headerDeadError),
		Reason: DeadReason(h.Get(headerDeadReason)), Time: deadTime(at, h), Data: data,
	}
	l.Attempts, _ = strconv.Atoi(h.Get(headerDeadAttempts)) // written by writeDead
	l.Stored, _ = time.Parse(time.RFC3339Nano, h.Get(headerDeadStored))
	l.Event, l.EventError = s.decode(h, data)
	return l
}
