// Package sinks sends events to other systems: SIEMs, log stores, other services.
//
//	sink, err := elasticsearch.New(elasticsearch.Config{URL: "https://search.example.com", Authorization: key})
//	…
//	handler := sinks.Handler(sink, sinks.Config{}) // an event.Handler
//
// The packages below have one sink each. They need this module's root, and nothing of
// each other but [github.com/accesshook/accesshook/examples/sinks/internal/post], so that
// a service can copy the one that it needs.
//
// A sink sends an event once for each call. What calls it tries again: a consumer of
// package event/durable, or an event.Retry under an event.Queue. Whether an event was
// taken is not known if the answer is lost, so it is sent again then: twice is better
// than never.
package sinks

import (
	"context"

	"github.com/accesshook/accesshook/event"
)

// A Sink sends events to another system. It is safe for concurrent use.
type Sink interface {
	// Send sends events, in order, and waits until they have been taken or refused. It
	// does not change them, and returns soon after ctx ends.
	//
	// It returns one error for each event, in the same order. The error is nil for an
	// event that was taken. An error marked with event.Permanent means that sending that
	// event again cannot help, and one marked with event.Unavailable says when to send it
	// again at the earliest. A nil slice means that all were taken.
	//
	// No error holds a credential, or what an event holds.
	Send(ctx context.Context, events []*event.Event) []error

	// Close closes connections. Events that are being sent may fail. Send must not be
	// called afterwards.
	Close() error
}
