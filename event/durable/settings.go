package durable

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// keepSettings sets the fields that asked leaves out to the values that the store has,
// so that a process with a smaller Config changes nothing. It logs each change.
func (s *Store) keepSettings(asked Config, have map[string]*jetstream.StreamInfo) error {
	was := s.settings(have)
	c := asked
	for _, keep := range []struct{ to, from *int64 }{
		{&c.MaxBytes, &was.MaxBytes},
		{&c.MaxDeadBytes, &was.MaxDeadBytes},
		{(*int64)(&c.DedupeWindow), (*int64)(&was.DedupeWindow)},
	} {
		if *keep.to == 0 {
			*keep.to = *keep.from
		}
	}
	c, err := c.withDefaults()
	if err != nil {
		return err
	}
	if err := c.checkRoom(); err != nil { // now that c has all limits
		return err
	}
	if asked.Replicas == 0 && was.Replicas > 0 {
		c.Replicas = was.Replicas // also 2, if an operator chose it
	}
	c.RawKeys = s.c.RawKeys
	s.c = c
	if len(have) > 0 {
		perShard := int64(c.Shards)
		logChange(s, "MaxBytes", was.MaxBytes, asked.MaxBytes/perShard*perShard)
		logChange(s, "MaxDeadBytes", was.MaxDeadBytes, asked.MaxDeadBytes)
		logChange(s, "DedupeWindow", was.DedupeWindow, asked.DedupeWindow)
		logChange(s, "Replicas", was.Replicas, asked.Replicas)
	}
	return nil
}

// logChange logs that a setting changes if the caller of Connect asks for another value,
// as a warning if it becomes less: other processes may rely on more. A setting that was
// zero had no limit.
func logChange[T cmp.Ordered](s *Store, setting string, was, asked T) {
	var zero T
	if was == asked || asked == zero || was == zero {
		return
	}
	level := slog.LevelInfo
	if asked < was {
		level = slog.LevelWarn
	}
	s.log().LogAttrs(context.Background(), level, "durable: a setting of the store changes",
		slog.String("store", s.c.Name), slog.String("setting", setting), slog.Any("was", was), slog.Any("is", asked))
}

// settings returns the Config that the streams of a store have; the zero Config if there
// are none. Where they differ, since an operator or a process that died has changed some,
// it is the least, but of Replicas the most: a stream that is missing gets them. No limit
// is zero.
func (s *Store) settings(have map[string]*jetstream.StreamInfo) (c Config) {
	for shard := range s.c.Shards {
		if info, ok := have[s.names.stream(shard)]; ok {
			least(&c.MaxBytes, info.Config.MaxBytes*int64(s.c.Shards))
			least(&c.DedupeWindow, info.Config.Duplicates)
			c.Replicas = max(c.Replicas, info.Config.Replicas)
		}
	}
	if dead, ok := have[s.names.dead()]; ok {
		least(&c.MaxDeadBytes, dead.Config.MaxBytes)
		c.DedupeWindow = cmp.Or(c.DedupeWindow, dead.Config.Duplicates) // if there is no shard yet
		c.Replicas = cmp.Or(c.Replicas, dead.Config.Replicas)
	}
	return c
}

// least sets to to v if v is less. Both have no limit if they are not above zero.
func least[T int64 | time.Duration](to *T, v T) {
	if v > 0 && (*to == 0 || v < *to) {
		*to = v
	}
}
