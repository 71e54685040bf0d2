package durable

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
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

// createStreams creates the streams of the store, and changes in those that exist what
// asked says. Safe for concurrent use by other processes.
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
	return s.explain(ctx, err)
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
	have := make(map[string]*jetstream.StreamInfo)
	for _, c := range s.streams() { // all before any is changed
		if err := s.checkStream(ctx, c, have); err != nil {
			return err
		}
	}
	if err := s.checkSettings(have); err != nil {
		return err
	}
	if err := s.keepSettings(asked, have); err != nil {
		return err
	}
	s.logKept(have, asked)
	if len(have) == 0 {
		s.logOthers(ctx)
	}
	for _, c := range s.streams() {
		info, err := s.createStream(ctx, asked, have[c.Name], c)
		if err != nil {
			return fmt.Errorf("durable: stream %s: %w", c.Name, err)
		}
		have[c.Name] = info
	}
	s.logUnreplicated(have)
	return nil
}

// createStream creates a stream, or changes what asked says in the one that exists. A
// stream that did not exist is not changed if it exists now: it may belong to a store with
// other settings.
func (s *Store) createStream(ctx context.Context, asked Config, has *jetstream.StreamInfo, want jetstream.StreamConfig) (*jetstream.StreamInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, createWait)
	defer cancel()
	if has == nil {
		stream, err := s.js.CreateStream(ctx, want)
		if err != nil {
			return nil, err
		}
		return stream.CachedInfo(), nil
	}
	changed := s.changes(asked, has.Config, want)
	if len(changed) == 0 {
		return has, nil
	}
	err := s.update(ctx, "STREAM.INFO."+want.Name, "STREAM.UPDATE."+want.Name, changed, func(config any) any { return config })
	if err != nil {
		return nil, err
	}
	stream, err := s.js.Stream(ctx, want.Name)
	if err != nil {
		return nil, err
	}
	return stream.CachedInfo(), nil
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

// checkStream adds a stream that exists to have. It returns a MismatchError if the stream
// belongs to a store with other settings, or to somebody else.
func (s *Store) checkStream(ctx context.Context, c jetstream.StreamConfig, have map[string]*jetstream.StreamInfo) error {
	stream, err := s.js.Stream(ctx, c.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("durable: stream %s: %w", c.Name, err)
	}
	info := stream.CachedInfo()
	for _, m := range []struct{ key, setting string }{{metaSchema, "Schema"}, {metaShards, "Shards"}, {metaOrder, "Order"}} {
		was, ok := info.Config.Metadata[m.key]
		if !ok {
			return &MismatchError{Setting: "Name", Is: s.c.Name, Stream: c.Name}
		}
		if is := c.Metadata[m.key]; was != is {
			return &MismatchError{Setting: m.setting, Was: was, Is: is, Stream: c.Name}
		}
	}
	have[c.Name] = info
	return nil
}

// checkSettings returns ErrSettings if streams have settings that would break what the
// store promises.
func (s *Store) checkSettings(have map[string]*jetstream.StreamInfo) error {
	var texts []string
	for _, want := range s.streams() {
		if info, ok := have[want.Name]; ok {
			texts = append(texts, s.refuse(info.Config, want)...)
		}
	}
	const most = 8
	switch n := len(texts) - most; {
	case len(texts) == 0:
		return nil
	case n > 0:
		texts = append(texts[:most], fmt.Sprintf("and %d more", n))
	}
	return fmt.Errorf("%w: %s", ErrSettings, strings.Join(texts, "; "))
}

func (s *Store) metadata() map[string]string {
	return map[string]string{
		metaShards: strconv.Itoa(s.c.Shards),
		metaOrder:  string(s.c.Order),
		metaSchema: schemaVersion,
	}
}

// A setting that a new stream gets here belongs to refusals too if a stream cannot do
// without it, or to changes if it is set in streams that exist.

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
