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
	// or an error for all of them. If that error is [event.Permanent], parts of the request
	// are sent, so that only what is refused alone is lost.
	Post func(ctx context.Context, documents [][]byte) (each []error, err error)
}

// A DocumentError says which document is the reason why a request was refused.
type DocumentError struct {
	Index int // in the request
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
	if n := len(documents); n > 1 && event.IsPermanent(err) {
		from, to := n/2, n/2
		if suspect, ok := errors.AsType[*DocumentError](err); ok && suspect.Index >= 0 && suspect.Index < n {
			from, to = suspect.Index, suspect.Index+1 // sent alone: it may be innocent
		}
		s.send(documents[:from], places[:from])
		s.send(documents[from:to], places[from:to])
		s.send(documents[to:], places[to:])
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
