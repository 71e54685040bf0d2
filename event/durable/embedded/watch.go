package embedded

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

const (
	watchEvery  = 2 * time.Second
	restartWait = 2 * time.Second // between two tries
	probeFile   = "accesshook.probe"
	probeSize   = 1 << 20
)

// watch starts the server again after it has failed to write: at the first such error the
// server gives up a stream for good. Until the server runs again, events are answered
// durable.ErrNoAnswer.
func (s *Store) watch(ctx context.Context) {
	defer close(s.done)
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := s.engine.health(); err != nil {
			srv := s.disconnect()
			s.log.LogAttrs(ctx, slog.LevelError, "embedded: the store cannot write: events are answered 503 until it can",
				slog.String("dir", s.engine.options.StoreDir), slog.String("error", err.Error()))
			stopServer(srv)
			if s.restart(ctx) {
				s.log.LogAttrs(ctx, slog.LevelInfo, "embedded: the store can write again")
			}
		}
	}
}

// disconnect has events answered durable.ErrNoAnswer at once. To stop a server takes a
// while, and until then it would take them without an answer.
func (s *Store) disconnect() *server.Server {
	// First: ForceReconnect flushes the connection while it holds the client's lock.
	srv := s.engine.detach()
	_ = s.nc.ForceReconnect() // fails if it is closed, which is as good
	return srv
}

// restart starts the server once the directory is writable.
func (s *Store) restart(ctx context.Context) bool {
	for {
		err := probe(s.engine.options.StoreDir)
		if err == nil {
			err = s.engine.start()
		}
		if err == nil {
			return true
		}
		s.log.LogAttrs(ctx, slog.LevelDebug, "embedded: the store still cannot write", slog.String("error", err.Error()))
		t := time.NewTimer(restartWait)
		select {
		case <-ctx.Done():
			t.Stop()
			return false
		case <-t.C:
		}
	}
}

// probe returns an error if dir has no room. A server that is started without room would
// have senders wait until it has failed again.
func probe(dir string) (err error) {
	name := filepath.Join(dir, probeFile)
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, f.Close(), os.Remove(name))
	}()
	if _, err := f.Write(make([]byte, probeSize)); err != nil {
		return err
	}
	return f.Sync()
}
