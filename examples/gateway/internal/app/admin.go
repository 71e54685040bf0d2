package app

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/examples/gateway/internal/admin"
	"github.com/accesshook/accesshook/examples/gateway/internal/sink"
	"github.com/accesshook/accesshook/examples/gateway/internal/store"
)

// details returns what operators see on /healthz and on the page.
func (g *gateway) details() admin.Details {
	d := admin.Details{Endpoints: make(map[string]admin.Endpoint)}
	for _, e := range g.endpoints {
		var state admin.Endpoint
		if last := e.Metrics.LastEvent(); !last.IsZero() {
			state.LastEvent = &last
		}
		state.Events, state.Refused, state.Duplicates = e.Metrics.Counts()
		d.Endpoints[e.Source()] = state
	}
	if q := g.pipeline.Queue; q != nil {
		d.Queue = &admin.Queue{Depth: q.Len(), Bytes: q.Bytes(), Oldest: q.Oldest().Round(time.Millisecond).Seconds()}
	}
	if s := g.pipeline.Store; s != nil {
		d.Store = storeDetails(s)
	}
	return d
}

func storeDetails(s *store.Store) *admin.Store {
	state, err := s.State()
	if err != nil {
		return new(admin.Store)
	}
	d := &admin.Store{
		Up: true, Events: state.Events, Bytes: state.Bytes, MaxBytes: state.MaxBytes,
		Fullest: state.Fullest, DeadLetters: state.Dead, Consumers: make(map[string]admin.Consumer),
	}
	for name, c := range state.Consumers {
		d.Consumers[name] = admin.Consumer{Pending: c.Pending, Active: c.Active, Repeated: c.Repeated}
	}
	return d
}

// deadLetterAPI returns the API of the dead letters.
func (g *gateway) deadLetterAPI() *admin.DeadLetterAPI {
	api := &admin.DeadLetterAPI{
		RetryTimeout: g.HandlerTimeout + store.StoringTimeout,
		Explain:      explain,
		Log:          g.log,
	}
	if len(g.sinks) > 0 {
		api.RetryTimeout = max(g.HandlerTimeout, sink.AttemptTimeout) + store.StoringTimeout
	}
	if s := g.pipeline.Store; s != nil {
		api.Letters = deadLetters{s}
	}
	return api
}

func explain(err error) (status int, text string) {
	switch {
	case errors.Is(err, durable.ErrNotFound):
		return http.StatusNotFound, "there is no such dead letter"
	case errors.Is(err, store.ErrUnreadable), errors.Is(err, store.ErrNoSink):
		return http.StatusUnprocessableEntity, err.Error()
	case errors.Is(err, store.ErrCallbacksFailed):
		return http.StatusBadGateway, err.Error()
	case errors.Is(err, store.ErrNotDeleted):
		return http.StatusInternalServerError, err.Error()
	}
	return 0, ""
}

// deadLetters are the dead letters of a store as JSON.
type deadLetters struct{ *store.Store }

func (d deadLetters) List(ctx context.Context, f durable.DeadFilter, limit int) ([]json.RawMessage, error) {
	list, err := d.Store.List(ctx, f, limit)
	if err != nil {
		return nil, err
	}
	encoded := make([]json.RawMessage, len(list))
	for i, letter := range list {
		if encoded[i], err = json.Marshal(letter); err != nil {
			return nil, err
		}
	}
	return encoded, nil
}

func (d deadLetters) Show(ctx context.Context, number uint64) (json.RawMessage, error) {
	letter, err := d.Store.Show(ctx, number)
	if err != nil {
		return nil, err
	}
	return json.Marshal(letter)
}
