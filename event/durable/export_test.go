package durable

import (
	"context"

	"github.com/nats-io/nats.go/jetstream"
)

// Purge is what Run does now and then, and with full when a shard was full.
func (s *Store) Purge(ctx context.Context, shard int, full bool) error {
	return s.purge(ctx, shard, full)
}

// Stuck reports whether it is known that the connection blocks.
func (s *Store) Stuck() bool { return s.stuck.Load() > 0 }

// JetStream is what s works with.
func (s *Store) JetStream() jetstream.JetStream { return s.js }
