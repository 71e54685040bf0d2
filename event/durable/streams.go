package durable

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go/jetstream"
)

// What a stream records of the store that it belongs to.
const (
	metaShards = "accesshook-shards"
	metaOrder  = "accesshook-order"
	metaSchema = "accesshook-schema"
)

// createStreams creates the streams of the store, or brings them up to date.
func (s *Store) createStreams(ctx context.Context) error {
	if err := s.checkStreams(ctx); err != nil {
		return err
	}
	configs := []jetstream.StreamConfig{s.deadStream(), s.attemptsStream()}
	for shard := range s.c.Shards {
		configs = append(configs, s.shardStream(shard))
	}
	for _, c := range configs {
		if _, err := s.js.CreateOrUpdateStream(ctx, c); err != nil {
			return fmt.Errorf("durable: stream %s: %w", c.Name, err)
		}
	}
	return nil
}

// checkStreams refuses to work on the streams of a store with other settings.
// All streams record them, so the first that is there tells.
func (s *Store) checkStreams(ctx context.Context) error {
	for _, name := range []string{s.names.dead(), s.names.stream(0)} {
		stream, err := s.js.Stream(ctx, name)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("durable: stream %s: %w", name, err)
		}
		have := stream.CachedInfo().Config.Metadata
		for key, want := range s.metadata() {
			if have[key] != want {
				return fmt.Errorf("%w: stream %s has %s %.32q, and Config says %q", ErrMismatch, name, key, have[key], want)
			}
		}
	}
	return nil
}

func (s *Store) metadata() map[string]string {
	return map[string]string{
		metaShards: strconv.Itoa(s.c.Shards),
		metaOrder:  string(s.c.Order),
		metaSchema: schemaVersion,
	}
}

// shardStream keeps what it has until Run purges it: with DiscardOld, MaxAge or
// another retention the server deletes what nobody has worked on, or forgets
// duplicates.
func (s *Store) shardStream(shard int) jetstream.StreamConfig {
	in := s.names.ingest(shard, ">")
	return jetstream.StreamConfig{
		Name:        s.names.stream(shard),
		Description: fmt.Sprintf("accesshook events, shard %d of %d", shard, s.c.Shards),
		Subjects:    []string{in},
		SubjectTransform: &jetstream.SubjectTransformConfig{
			Source: in, Destination: s.names.stored(">"),
		},
		Retention:  jetstream.LimitsPolicy,
		Discard:    jetstream.DiscardNew,
		MaxBytes:   s.c.MaxBytes / int64(s.c.Shards),
		Storage:    jetstream.FileStorage,
		Replicas:   s.c.Replicas,
		Duplicates: s.c.DedupeWindow,
		Metadata:   s.metadata(),
	}
}

func (s *Store) deadStream() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:        s.names.dead(),
		Description: "accesshook dead letters",
		Subjects:    []string{s.names.dead() + ".>"},
		Retention:   jetstream.LimitsPolicy,
		Discard:     jetstream.DiscardNew,
		MaxBytes:    s.c.MaxDeadBytes,
		Storage:     jetstream.FileStorage,
		Replicas:    s.c.Replicas,
		Duplicates:  s.c.DedupeWindow,
		Metadata:    s.metadata(),
	}
}
