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
	configs := []jetstream.StreamConfig{s.deadStream(), s.attemptsStream()}
	for shard := range s.c.Shards {
		configs = append(configs, s.shardStream(shard))
	}
	for _, c := range configs { // all before any is changed
		if err := s.checkStream(ctx, c); err != nil {
			return err
		}
	}
	for _, c := range configs {
		if _, err := s.js.CreateOrUpdateStream(ctx, c); err != nil {
			return fmt.Errorf("durable: stream %s: %w", c.Name, err)
		}
	}
	return nil
}

// checkStream refuses to work on a stream of a store with other settings, or of
// somebody else. It is no error if there is none.
func (s *Store) checkStream(ctx context.Context, c jetstream.StreamConfig) error {
	stream, err := s.js.Stream(ctx, c.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("durable: stream %s: %w", c.Name, err)
	}
	have := stream.CachedInfo().Config.Metadata
	for _, key := range []string{metaSchema, metaShards, metaOrder} {
		value, ok := have[key]
		if want := c.Metadata[key]; !ok || value != want {
			return fmt.Errorf("%w: stream %s has %s %.32q, and Config says %q", ErrMismatch, c.Name, key, value, want)
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
