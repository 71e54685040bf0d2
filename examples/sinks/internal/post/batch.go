package post

import (
	"context"
	"errors"

	"github.com/accesshook/accesshook/event"
)

// A Batch says how events are sent, several in one request.
type Batch struct {
	// MaxEvents and MaxBytes bound one request. A larger event is sent alone.
	MaxEvents, MaxBytes int
	// Encode appends what one event is in a request.
	Encode func(dst []byte, e *event.Event) ([]byte, error)
	// Post sends a request. It returns an error for each document, nil if all were taken,
	// or an error for all of them. If that error is [event.Permanent], halves are sent, so
	// that only what is refused alone is lost. If it is a [*DocumentError], the others are
	// sent again.
	Post func(ctx context.Context, documents [][]byte) (each []error, err error)
}

// A DocumentError says that a request was refused because of one document.
type DocumentError struct {
	Index int // of the document in the request
	Err   error
}

// Error returns the text of Err.
func (e *DocumentError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *DocumentError) Unwrap() error { return e.Err }

// Send sends events and returns an error for each of them. After an error that is
// [event.Unavailable] it sends no more requests: the other events get the same error.
func (b Batch) Send(ctx context.Context, events []*event.Event) []error {
	s := sending{Batch: b, ctx: ctx, errs: make([]error, len(events))}
	var documents [][]byte
	var places []int // of their events
	size := 0
	flush := func() {
		s.send(documents, places)
		documents, places, size = nil, nil, 0
	}
	for i, e := range events {
		document, err := b.Encode(nil, e)
		if err != nil {
			s.errs[i] = event.Permanent(err)
			continue
		}
		if len(documents) == b.MaxEvents || size+len(document) > b.MaxBytes {
			flush()
		}
		documents, places, size = append(documents, document), append(places, i), size+len(document)
	}
	flush()
	return s.errs
}

type sending struct {
	Batch
	ctx  context.Context
	errs []error
	down error // an Unavailable one
}

// send sends documents and sets the errors at their places.
func (s *sending) send(documents [][]byte, places []int) {
	if len(documents) == 0 {
		return
	}
	var each []error
	err := s.down
	if err == nil {
		each, err = s.Post(s.ctx, documents)
	}
	if document, ok := errors.AsType[*DocumentError](err); ok {
		i := document.Index
		s.errs[places[i]] = document.Err
		s.send(append(documents[:i:i], documents[i+1:]...), append(places[:i:i], places[i+1:]...))
		return
	}
	if half := len(documents) / 2; half > 0 && event.IsPermanent(err) {
		s.send(documents[:half], places[:half])
		s.send(documents[half:], places[half:])
		return
	}
	if _, ok := event.IsUnavailable(err); ok {
		s.down = err
	}
	for i, place := range places {
		s.errs[place] = err
		if err == nil && each != nil {
			s.errs[place] = each[i]
		}
	}
}
