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

// storingTimeout is how long an endpoint waits for the store, which gives up earlier.
const storingTimeout = 2 * durable.DefaultPublishTimeout

// An eventStore is a durable.Store, in a directory or on servers.
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

// openStore opens the store that the flags name.
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
		return nil, err // not s, an interface with a nil pointer
	}
	return s, nil
}

// checkVariables refuses variables that have no effect with the given flags.
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

// storeConfig returns the configuration of the store. Its errors are about flags and
// variables.
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
	// Without its flag, a setting of an existing store does not change.
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

// largestBody returns the largest MaxBody of the endpoints. A directory may also have
// events of vendors that are no longer served.
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

// payloads decodes the payloads of stored events, also those of vendors that are not
// served now.
func payloads() cloudevent.Payloads {
	p := make(cloudevent.Payloads)
	for _, v := range vendors {
		p[v.name] = v.payload
	}
	return p
}
