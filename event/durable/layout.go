package durable

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// takeLayout sets Shards and Order of c, where they are left to the store, to what the
// store has.
func (s *Store) takeLayout(ctx context.Context, c Config) (Config, error) {
	if c.Shards != 0 && c.Order != OrderAsStored {
		return c, nil
	}
	metadata, err := s.storedMetadata(ctx)
	if err != nil {
		return c, err
	}
	if c.Shards == 0 {
		c.Shards = DefaultShards
		if n, err := strconv.Atoi(metadata[metaShards]); err == nil && n > 0 && n <= MaxShards {
			c.Shards = n
		}
	}
	if c.Order == OrderAsStored {
		c.Order = OrderNone
		if o := Order(metadata[metaOrder]); o == OrderByUser || o == OrderByLock {
			c.Order = o
		}
	}
	return c, nil
}

// storedMetadata returns the metadata of a stream of the store, nil if there is none.
func (s *Store) storedMetadata(ctx context.Context) (map[string]string, error) {
	for _, name := range []string{s.names.dead(), s.names.stream(0)} {
		stream, err := s.js.Stream(ctx, name)
		if err == nil {
			return stream.CachedInfo().Config.Metadata, nil
		}
		if !errors.Is(err, jetstream.ErrStreamNotFound) {
			return nil, fmt.Errorf("durable: stream %s: %w", name, err)
		}
	}
	return nil, nil
}

// Exists reports whether the servers have a store of this name, see Config.Name.
func Exists(ctx context.Context, nc *nats.Conn, name string) (bool, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return false, fmt.Errorf("durable: %w", err)
	}
	if name == "" {
		name = DefaultName
	}
	metadata, err := (&Store{js: js, names: names{name}}).storedMetadata(ctx)
	return metadata != nil, err
}

// Settings returns the fields of Config that belong to the store, and its Name. Another
// process may have changed some since this one opened the store.
func (s *Store) Settings() Config {
	return Config{
		Name: s.c.Name, Shards: s.c.Shards, Order: s.c.Order, Replicas: s.c.Replicas,
		MaxBytes: s.c.MaxBytes, MaxDeadBytes: s.c.MaxDeadBytes, DedupeWindow: s.c.DedupeWindow,
	}
}
