package durable

import (
	"context"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/accesshook/accesshook/event/cloudevent"
)

// Purge is what Run does now and then, and with full when a shard was full.
func (s *Store) Purge(ctx context.Context, shard int, full bool) error {
	return s.purge(ctx, shard, full)
}

// Stuck reports whether it is known that the connection blocks.
func (s *Store) Stuck() bool { return s.stuck.Load() > 0 }

// JetStream is what s works with.
func (s *Store) JetStream() jetstream.JetStream { return s.js }

// Mark is up to where the high-water mark of a shard is.
func (s *Store) Mark(shard int) uint64 {
	s.watermarks.mu.Lock()
	defer s.watermarks.mu.Unlock()
	return s.watermarks.current.Shards[shard].Last
}

// MarkOfDead is how many dead letters the high-water mark has.
func (s *Store) MarkOfDead() uint64 {
	s.watermarks.mu.Lock()
	defer s.watermarks.mu.Unlock()
	return s.watermarks.current.Dead.Letters
}

// Look compares the streams with the marks now.
func (s *Store) Look(ctx context.Context) {
	g := s.glance(ctx)
	s.watermarks.mu.Lock()
	defer s.watermarks.mu.Unlock()
	_ = s.compare(ctx, g)
}

// With returns c with payloads.
func (c Config) With(p cloudevent.Payloads) Config {
	c.Payloads = p
	return c
}

// CheckSync asks the servers of s whether they sync each write, as the store does every
// minute.
func CheckSync(ctx context.Context, s *Store) { s.checkSync(ctx) }
