package durable

import (
	"context"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A committer is a server in this process that does not sync what it stores. Commit
// returns once m is on the disk, which the server has stored in a stream under a
// sequence; Sync, once all is that the server has stored. TakeRestored says how many
// messages that a stream had lost were stored in it again, since it was called last.
type committer interface {
	Commit(ctx context.Context, stream string, sequence uint64, m *nats.Msg) error
	Sync() error
	TakeRestored(stream string) uint64
}

// commit returns once m, which is an event, is as safe as the server's answer says.
func (s *Store) commit(ctx context.Context, ack *jetstream.PubAck, m *nats.Msg) error {
	if c, ok := s.nc.Opts.InProcessServer.(committer); ok {
		return c.Commit(ctx, ack.Stream, ack.Sequence, m)
	}
	return nil
}

// takeRestored returns how many lost messages of a stream were stored in it again.
func (s *Store) takeRestored(stream string) uint64 {
	if c, ok := s.nc.Opts.InProcessServer.(committer); ok {
		return c.TakeRestored(stream)
	}
	return 0
}

// sync returns once a message that is no event is as safe as the server's answer says.
func (s *Store) sync() error {
	if c, ok := s.nc.Opts.InProcessServer.(committer); ok {
		return c.Sync()
	}
	return nil
}
