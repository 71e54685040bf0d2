package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/event/durable"
)

// A letter is what is told of a dead letter. It has no secrets; Error is what a
// callback said.
type letter struct {
	Number   uint64    `json:"number"`
	Consumer string    `json:"consumer"`
	Attempts int       `json:"attempts"`
	Error    string    `json:"error"`  // the last one
	Time     time.Time `json:"time"`   // when it was given up on
	Stored   time.Time `json:"stored"` // when it came

	// Of the event, missing if it cannot be decoded.
	Endpoint string `json:"endpoint,omitempty"`
	Vendor   string `json:"vendor,omitempty"`
	ID       string `json:"id,omitempty"`
	Type     string `json:"type,omitempty"`

	EventError string          `json:"eventError,omitempty"` // why it cannot be decoded
	Event      json.RawMessage `json:"event,omitempty"`      // the CloudEvent; not in a list
}

// newLetter returns what is told of l, with the event if that is wanted.
func newLetter(l durable.DeadLetter, withEvent bool) letter {
	told := letter{
		Number: l.Number, Consumer: l.Consumer, Attempts: l.Attempts, Error: l.Error,
		Time: l.Time.UTC(), Stored: l.Stored.UTC(),
	}
	if e := l.Event; e != nil {
		told.Endpoint, told.Vendor, told.ID, told.Type = e.Source, e.Vendor, e.ID, string(e.Type)
	}
	if l.EventError != nil {
		told.EventError = l.EventError.Error()
	}
	if withEvent {
		told.Event = eventOf(l)
	}
	return told
}

// eventOf returns the event as it is printed, with its secrets masked; or, if it
// cannot be decoded, as it is stored but for the sealed body, which is masked too.
// It returns nil if there is nothing to show.
func eventOf(l durable.DeadLetter) json.RawMessage {
	if l.Event != nil {
		text, err := cloudevent.Encode(l.Event)
		if err != nil {
			return nil
		}
		return text
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(l.Data, &members) != nil {
		return nil
	}
	delete(members, durable.RawAttribute)
	text, err := json.Marshal(members)
	if err != nil {
		return nil
	}
	return text
}

// letters returns up to limit dead letters with numbers above after, without
// their events.
func (s *store) letters(ctx context.Context, after uint64, limit int) ([]letter, error) {
	dead, err := s.DeadLetters(ctx, after, limit)
	if err != nil {
		return nil, err
	}
	list := make([]letter, 0, len(dead)) // not nil, which is null in JSON
	for _, l := range dead {
		list = append(list, newLetter(l, false))
	}
	return list, nil
}

// letter returns a dead letter with its event, or durable.ErrNotFound.
func (s *store) letter(ctx context.Context, number uint64) (letter, error) {
	l, err := s.DeadLetter(ctx, number)
	if err != nil {
		return letter{}, err
	}
	return newLetter(l, true), nil
}

// Why a dead letter is still there after retry. Their texts are told to anybody
// who asks, the reason is in the log.
var (
	errUnreadable = errors.New("the event cannot be decoded")
	errAgain      = errors.New("the callbacks failed again")
	errNotDeleted = errors.New("the event was handled, but its dead letter could not be deleted")
)

var errStopping = errors.New("the gateway stops")

// retry gives the event of a dead letter to the callbacks, and deletes the dead
// letter if they are done with it. Its error is one of the above,
// durable.ErrNotFound, or one of reaching the store. An end of ctx does not stop
// it.
func (s *store) retry(ctx context.Context, number uint64) error {
	if !s.retrying.TryRLock() {
		return errStopping
	}
	defer s.retrying.RUnlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.timeout)
	defer cancel()
	l, err := s.DeadLetter(ctx, number)
	if err != nil {
		return err
	}
	attrs := []any{"number", number}
	if l.EventError != nil {
		s.log.Error("a dead letter cannot be retried", append(attrs, "error", l.EventError)...)
		return errUnreadable
	}
	attrs = append(attrs, "endpoint", l.Event.Source, "vendor", l.Event.Vendor, "id", l.Event.ID, "type", string(l.Event.Type))
	called, handled := false, false
	err = s.RetryDead(ctx, number, event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
		called = true
		err := s.callbacks.HandleEvent(ctx, e)
		handled = err == nil
		return err
	}))
	switch {
	case err == nil, handled && errors.Is(err, durable.ErrNotFound): // somebody else was faster to delete it
		s.log.Info("a dead letter was retried: it is handled", attrs...)
		return nil
	case handled:
		s.log.Error("a dead letter was retried, and cannot be deleted", append(attrs, "error", err)...)
		return errNotDeleted
	case called:
		if p, ok := errors.AsType[*event.PanicError](err); ok {
			attrs = append(attrs, slog.String("stack", string(p.Stack)))
		}
		s.log.Error("a dead letter was retried, and the callbacks failed again", append(attrs, "error", err)...)
		return errAgain
	}
	return err
}

// drop deletes a dead letter, and the event with it.
func (s *store) drop(ctx context.Context, number uint64) error {
	err := s.DropDead(ctx, number)
	if err == nil {
		s.log.Warn("a dead letter was dropped: its event is gone", "number", number)
	}
	return err
}
