package durable

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// The metadata of a stream: the store that it belongs to.
const (
	metaShards = "accesshook-shards"
	metaOrder  = "accesshook-order"
	metaSchema = "accesshook-schema"
)

const (
	createTries = 4
	createWait  = 5 * time.Second // for one stream
	createPause = time.Second     // between tries, at least
)

// createStreams creates the streams of the store, or updates them to what asked says.
// Safe for concurrent use by other processes.
func (s *Store) createStreams(ctx context.Context, asked Config) (err error) {
	for try := range createTries {
		if try > 0 {
			sleep(ctx, createPause+rand.N(createPause)) // so that one process is ahead
		}
		err = s.tryCreateStreams(ctx, asked)
		if ctx.Err() != nil || !isTransient(err) {
			break
		}
	}
	return err
}

// isTransient reports whether another try may succeed: the cluster has only just
// started, or another process creates the same streams. The server may then not
// answer at all, and a stream may have no leader yet.
func isTransient(err error) bool {
	if api, ok := errors.AsType[*jetstream.APIError](err); ok {
		switch api.ErrorCode {
		case jetstream.JSErrCodeStreamNameInUse, jetstream.JSErrCodeStreamNotFound, codeNoPeers, codeNotAvailable:
			return true
		}
	}
	return errors.Is(err, context.DeadlineExceeded)
}

func (s *Store) tryCreateStreams(ctx context.Context, asked Config) error {
	asked, err := s.takeLayout(ctx, asked)
	if err != nil {
		return err
	}
	s.c.Shards, s.c.Order = asked.Shards, asked.Order
	have := make(map[string]jetstream.StreamConfig)
	for _, c := range s.streams() { // all before any is changed
		if err := s.checkStream(ctx, c, have); err != nil {
			return err
		}
	}
	if err := s.keepSettings(asked, have); err != nil {
		return err
	}
	for _, c := range s.streams() {
		// A stream that did not exist is not updated if it exists now: it may belong to
		// a store with other settings.
		put := s.js.CreateStream
		if _, ok := have[c.Name]; ok {
			put = s.js.UpdateStream
		}
		answered, cancel := context.WithTimeout(ctx, createWait)
		_, err := put(answered, c)
		cancel()
		if err != nil {
			return fmt.Errorf("durable: stream %s: %w", c.Name, err)
		}
	}
	return nil
}

// streams returns the configurations of the streams. Those that are no shards come
// first: a store that has a shard has them.
func (s *Store) streams() []jetstream.StreamConfig {
	configs := []jetstream.StreamConfig{s.deadStream(), s.attemptsStream(), s.marksStream()}
	for shard := range s.c.Shards {
		configs = append(configs, s.shardStream(shard))
	}
	return configs
}

// checkStream adds a stream that exists to have. It returns ErrMismatch if the stream
// belongs to a store with other settings, or to somebody else.
func (s *Store) checkStream(ctx context.Context, c jetstream.StreamConfig, have map[string]jetstream.StreamConfig) error {
	stream, err := s.js.Stream(ctx, c.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("durable: stream %s: %w", c.Name, err)
	}
	config := stream.CachedInfo().Config
	for _, key := range []string{metaSchema, metaShards, metaOrder} {
		value, ok := config.Metadata[key]
		if want := c.Metadata[key]; !ok || value != want {
			return fmt.Errorf("%w: stream %s has %s %.32q, and Config says %q", ErrMismatch, c.Name, key, value, want)
		}
	}
	have[c.Name] = config
	return nil
}

func (s *Store) metadata() map[string]string {
	return map[string]string{
		metaShards: strconv.Itoa(s.c.Shards),
		metaOrder:  string(s.c.Order),
		metaSchema: schemaVersion,
	}
}

// shardStream keeps events until Run purges them. With DiscardOld, MaxAge or another
// retention the server would delete events that no consumer has acknowledged, or forget
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
