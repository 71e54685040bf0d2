package durable

import (
	"cmp"
	"context"
	"log/slog"

	"github.com/nats-io/nats.go/jetstream"
)

// keepSettings sets the fields that asked leaves out to the values that the store has,
// so that a process with a smaller Config changes nothing. It logs each change.
func (s *Store) keepSettings(asked Config, have map[string]jetstream.StreamConfig) error {
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
		logChange(s, "MaxBytes", was.MaxBytes, c.MaxBytes/perShard*perShard)
		logChange(s, "MaxDeadBytes", was.MaxDeadBytes, c.MaxDeadBytes)
		logChange(s, "DedupeWindow", was.DedupeWindow, c.DedupeWindow)
		logChange(s, "Replicas", was.Replicas, c.Replicas)
	}
	return nil
}

// logChange logs that a setting changes, as a warning if it becomes less: other
// processes may rely on more.
func logChange[T cmp.Ordered](s *Store, setting string, was, is T) {
	if was == is {
		return
	}
	level := slog.LevelInfo
	if is < was {
		level = slog.LevelWarn
	}
	s.log().LogAttrs(context.Background(), level, "durable: a setting of the store changes",
		slog.String("store", s.c.Name), slog.String("setting", setting), slog.Any("was", was), slog.Any("is", is))
}

// settings returns the Config that the streams of a store have; the zero Config if there
// are none.
func (s *Store) settings(have map[string]jetstream.StreamConfig) (c Config) {
	if dead, ok := have[s.names.dead()]; ok {
		c.MaxDeadBytes = max(dead.MaxBytes, 0) // -1 is no limit
		c.DedupeWindow = dead.Duplicates       // if it is still being created
		c.Replicas = dead.Replicas
	}
	for shard := range s.c.Shards {
		stream, ok := have[s.names.stream(shard)]
		if !ok {
			continue
		}
		c.MaxBytes = max(stream.MaxBytes, 0) * int64(s.c.Shards)
		c.DedupeWindow = stream.Duplicates
		c.Replicas = stream.Replicas
		break
	}
	return c
}
