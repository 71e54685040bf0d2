package store

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/event/durable"
)

// A DeadLetter is the JSON form of a dead letter. It contains no secrets. Error is
// what a callback returned.
type DeadLetter struct {
	Number   uint64    `json:"number"`
	Consumer string    `json:"consumer"`
	Attempts int       `json:"attempts"`
	Reason   string    `json:"reason,omitempty"` // a durable.DeadReason
	Error    string    `json:"error"`            // of the last attempt
	Time     time.Time `json:"time"`             // of the last attempt
	Stored   time.Time `json:"stored"`           // when the event was stored

	// Of the event. Missing if it cannot be decoded.
	Endpoint string `json:"endpoint,omitempty"`
	Vendor   string `json:"vendor,omitempty"`
	ID       string `json:"id,omitempty"`
	Type     string `json:"type,omitempty"`

	EventError string          `json:"eventError,omitempty"` // why it cannot be decoded
	Event      json.RawMessage `json:"event,omitempty"`      // the CloudEvent; not in a list
}

func newDeadLetter(l durable.DeadLetter, withEvent bool) DeadLetter {
	view := DeadLetter{
		Number: l.Number, Consumer: l.Consumer, Attempts: l.Attempts, Reason: string(l.Reason), Error: l.Error,
		Time: l.Time.UTC(), Stored: l.Stored.UTC(),
	}
	if e := l.Event; e != nil {
		view.Endpoint, view.Vendor, view.ID, view.Type = e.Source, e.Vendor, e.ID, string(e.Type)
	}
	if l.EventError != nil {
		view.EventError = l.EventError.Error()
	}
	if withEvent {
		view.Event = eventJSON(l)
	}
	return view
}

// eventJSON returns the event as it is printed, with its secrets masked. An event that
// cannot be decoded is returned as it is stored, with its secrets masked as well, but
// without the sealed body. If there is nothing to show, eventJSON returns nil.
func eventJSON(l durable.DeadLetter) (object json.RawMessage) {
	var attributes map[string]json.RawMessage
	if l.Event != nil {
		object, _ = cloudevent.Encode(l.Event)
	} else if json.Unmarshal(l.Data, &attributes) == nil {
		delete(attributes, durable.RawAttribute)
		object, _ = json.Marshal(attributes)
	}
	return object
}

// List returns up to limit dead letters that f selects, in order and without their events.
func (s *Store) List(ctx context.Context, f durable.DeadFilter, limit int) ([]DeadLetter, error) {
	list := make([]DeadLetter, 0, limit) // not nil, which is null in JSON
	for l, err := range s.EachDead(ctx, f) {
		if err != nil {
			return nil, err
		}
		if list = append(list, newDeadLetter(l, false)); len(list) == limit {
			break
		}
	}
	return list, nil
}

// Show returns a dead letter with its event, or [durable.ErrNotFound].
func (s *Store) Show(ctx context.Context, number uint64) (DeadLetter, error) {
	l, err := s.DeadLetter(ctx, number)
	if err != nil {
		return DeadLetter{}, err
	}
	return newDeadLetter(l, true), nil
}

// Why a dead letter still exists after Retry. The log has the reason.
var (
	ErrUnreadable      = errors.New("the event cannot be decoded")
	ErrCallbacksFailed = errors.New("the callbacks failed again")
	ErrNotDeleted      = errors.New("the event was handled, but its dead letter could not be deleted")
)

// ErrNoSink means that a dead letter is of a sink that this gateway does not have.
var ErrNoSink = errors.New("it is of a sink that is not configured here: retry it where the sink is, or drop it")

var errStopping = errors.New("the gateway stops")

// Retry calls the callbacks, or the sink that failed, with the event of a dead letter, and
// deletes the dead letter if they succeed. The error is one of the above, [durable.ErrNotFound], or that
// of a store that cannot be reached. Canceling ctx does not stop it.
func (s *Store) Retry(ctx context.Context, number uint64) error {
	if !s.retrying.TryRLock() {
		return errStopping
	}
	defer s.retrying.RUnlock()
	ctx = context.WithoutCancel(ctx)
	reading, cancel := context.WithTimeout(ctx, StoringTimeout)
	defer cancel()
	l, err := s.DeadLetter(reading, number)
	if err != nil {
		return err
	}
	log := s.log.With("number", number, "consumer", l.Consumer)
	h, ok := s.retry[l.Consumer]
	if !ok {
		return ErrNoSink
	}
	if l.EventError != nil {
		log.Error("a dead letter cannot be retried", "error", l.EventError)
		return ErrUnreadable
	}
	log = log.With("endpoint", l.Event.Source, "vendor", l.Event.Vendor, "id", l.Event.ID, "type", string(l.Event.Type))
	ctx, cancel = context.WithTimeout(ctx, h.timeout)
	defer cancel()
	defer context.AfterFunc(h.ending, cancel)()
	called, handled := false, false
	err = s.RetryDead(ctx, number, event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
		called = true
		err := h.HandleEvent(ctx, e)
		handled = err == nil
		return err
	}))
	switch {
	case err == nil:
		log.Info("a dead letter was retried: it is handled")
		return nil
	case handled:
		log.Error("a dead letter was retried, and cannot be deleted", "error", err)
		return ErrNotDeleted
	case called:
		if p, ok := errors.AsType[*event.PanicError](err); ok {
			log = log.With("stack", string(p.Stack))
		}
		log.Error("a dead letter was retried, and the callbacks failed again", "error", err)
		return ErrCallbacksFailed
	}
	return err
}

// Drop deletes a dead letter and its event.
func (s *Store) Drop(ctx context.Context, number uint64) error {
	err := s.DropDead(ctx, number)
	if err == nil {
		s.log.Warn("a dead letter was dropped: its event is gone", "number", number)
	}
	return err
}
