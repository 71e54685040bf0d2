package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
)

// storingTimeout is how long an endpoint waits for the store. The store gives up
// before.
const storingTimeout = 2 * durable.DefaultPublishTimeout

// An eventStore is a durable.Store, wherever it is.
type eventStore interface {
	event.Handler // stores
	Consumer(durable.Consumer) *durable.Runner
	Stats(context.Context) (durable.Stats, error)
	DeadLetters(ctx context.Context, after uint64, limit int) ([]durable.DeadLetter, error)
	DeadLetter(ctx context.Context, number uint64) (durable.DeadLetter, error)
	RetryDead(ctx context.Context, number uint64, h event.Handler) error
	DropDead(ctx context.Context, number uint64) error
	Close() error
}

// openStore opens the store that the flags name, with the configuration c.
func openStore(ctx context.Context, o *options, env environment, c durable.Config, log *slog.Logger) (s eventStore, err error) {
	if o.store.dir != "" {
		s, err = embedded.Open(ctx, embedded.Config{Dir: o.store.dir, Config: c})
	} else {
		s, err = openNATS(ctx, o.store.nats, env, c, log)
	}
	if errors.Is(err, durable.ErrMismatch) {
		err = fmt.Errorf("-order cannot be changed once a store is made: %w", err)
	}
	if err != nil {
		return nil, err // and not s, which is a nil pointer in an interface
	}
	return s, nil
}

// checkVariables finds variables that have no effect without a store, or one of
// another kind.
func (o *options) checkVariables(env environment) error {
	_, inVariable := env(rawKeysVariable)
	_, inFile := env(rawKeysVariable + "_FILE")
	if (inVariable || inFile) && !o.store.used() {
		return fmt.Errorf("%s has no effect without -data or -nats", rawKeysVariable)
	}
	if _, ok := env(natsCredentialsVariable); ok && o.store.nats == "" {
		return fmt.Errorf("%s has no effect without -nats", natsCredentialsVariable)
	}
	return nil
}

// storeConfig returns what the store is configured with. Its error is one of
// flags and variables.
func (o *options) storeConfig(env environment, receivers []*receiver, log *slog.Logger) (durable.Config, error) {
	keys, err := env.rawKeys()
	if err != nil {
		return durable.Config{}, err
	}
	if path, ok := env(natsCredentialsVariable); ok {
		if _, err := readFile(path); err != nil {
			return durable.Config{}, fmt.Errorf("%s: %w", natsCredentialsVariable, err)
		}
	}
	c := durable.Config{
		Payloads: payloads(),
		Order:    storeOrders[o.store.order],
		MaxBody:  o.largestBody(receivers),
		KeepRaw:  len(keys) > 0,
		RawKeys:  keys,
		Logger:   log,
	}
	message, err := c.MaxMessage()
	if err != nil {
		return durable.Config{}, err
	}
	if least := durable.DefaultShards * minShardMessages * message; o.store.maxBytes < least {
		return durable.Config{}, fmt.Errorf("-data-max-bytes is less than %d: each of the %d shards needs room for the largest events", least, durable.DefaultShards)
	}
	// What is not given stays as the store has it.
	if o.given["replicas"] {
		c.Replicas = o.store.replicas
	}
	if o.given["dedupe"] {
		c.DedupeWindow = o.dedupe
	}
	if o.given["data-max-bytes"] {
		c.MaxBytes = o.store.maxBytes
	}
	return c, nil
}

// largestBody returns the largest body in bytes that any of the endpoints takes.
// A directory may have events of vendors that are not served any more.
func (o *options) largestBody(receivers []*receiver) int64 {
	largest := int64(0)
	if o.store.dir != "" {
		largest = durable.DefaultMaxBody
	}
	for _, r := range receivers {
		size := o.maxBody
		if size == 0 {
			size = r.vendor.maxBody
		}
		largest = max(largest, size)
	}
	return largest
}

// payloads decodes what is stored. All vendors are there, whether they are served
// now or not.
func payloads() cloudevent.Payloads {
	p := make(cloudevent.Payloads)
	for _, v := range vendors {
		p[v.name] = v.payload
	}
	return p
}
