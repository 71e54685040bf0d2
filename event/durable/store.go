package durable

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A Store keeps events on NATS JetStream until callbacks have finished them. It is an
// event.Handler that stores. It is safe for concurrent use. Open one with [Connect], or
// with Open of package embedded.
type Store struct {
	c      Config
	js     jetstream.JetStream
	nc     *nats.Conn
	names  names
	sealer *sealer

	inFlight chan struct{} // a token for each event that is being stored
	stuck    atomic.Int64  // how many of them take too long
	full     chan int      // the number of a shard that was full

	unknown sync.Once // of the log record of a vendor that is not in Payloads

	watermarks *watermarks

	conflicts conflicts
	unsynced  atomic.Pointer[error] // why Config.RequireSync has events refused
	watchdog  *watchdog
	clocks    *clocks

	fullMu   sync.Mutex
	fullness []fullness // of each shard

	base context.Context // done when Close has begun
	stop context.CancelFunc
	mu   sync.Mutex
	runs sync.WaitGroup // of watch, guard, Run and whatever else calls callbacks; added to under mu
}

// Connect opens a store on the servers that nc is connected to, and creates its streams
// if they do not exist. If the store exists, Connect changes the settings that c gives and
// that differ, and logs each. Shards and Order cannot change: Connect returns
// [ErrMismatch] if they differ. ctx is for Connect alone. Safe for concurrent use by other
// processes.
//
// All other settings of the streams are the operator's, such as compression, placement and
// description. Connect leaves them as they are, and logs which differ from those of a new
// store. It returns [ErrSettings] if one of them would break what the store promises, such
// as a max_age. If the user of the connection lacks a permission, the error names it, and
// is a nats.ErrPermissionViolation.
//
// A stream that is deleted while the store is in use is created again within ten seconds.
// Until then its events are answered 503, and Run waits. What the stream had is lost: as
// with every loss, the log says how much, and Stats.Missing counts it. What was stored in
// the last two seconds before a crash may be lost without that.
//
// The connection stays the caller's, with its credentials and TLS. Close does not close
// it. Make it with [ConnectOptions], the URLs of all servers, and without nats.NoEcho. The
// store leaves a server that does not store for another one, by nats.Conn.ForceReconnect,
// if the connection knows one: after 3 seconds without an answer to any event, after 10 for
// one shard. It logs which and why. Servers must be of version 2.11 or later, with a
// max_payload of at least [Config.MaxMessage].
func Connect(ctx context.Context, nc *nats.Conn, c Config) (*Store, error) {
	asked := c
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	if nc == nil {
		return nil, errors.New("durable: no connection")
	}
	switch limit := nc.MaxPayload(); {
	case limit == 0:
		return nil, errors.New("durable: the connection has not been made yet: no server has said what it takes")
	case limit < c.maxMessage():
		return nil, fmt.Errorf("durable: the server takes messages of %d bytes, and events of Config.MaxBody %d may need %d: raise its max_payload, or lower MaxBody to the largest of your endpoints", limit, c.MaxBody, c.maxMessage())
	}
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, fmt.Errorf("durable: %w", err)
	}
	sealer, err := newSealer(c.RawKeys)
	if err != nil {
		return nil, err
	}
	s := &Store{
		c: c, js: permitted{js, nc}, nc: nc, names: names{c.Name}, sealer: sealer,
		inFlight: make(chan struct{}, c.MaxInFlight),
		clocks:   newClocks(),
	}
	if c.RequireSync {
		if err := s.requireSync(ctx); err != nil {
			return nil, err
		}
	}
	if err := s.createStreams(ctx, asked); err != nil {
		return nil, err
	}
	s.full, s.fullness = make(chan int, s.c.Shards), make([]fullness, s.c.Shards)
	s.watchdog = newWatchdog(s.c.Shards, s.c.PublishTimeout, time.Now())
	s.watermarks = newWatermarks(s.c.Shards)
	if err := s.openWatermarks(ctx); err != nil {
		return nil, err
	}
	if !sealer.empty() && !c.KeepRaw {
		s.log().LogAttrs(ctx, slog.LevelInfo, "durable: RawKeys without KeepRaw: bodies that others have kept are opened; here only those are kept that could not be decoded")
	}
	s.base, s.stop = context.WithCancel(context.Background())
	s.every(watchEvery, s.watch)
	s.every(guardEvery, s.guard)
	s.every(time.Second, s.watchPermissions())
	if c.RequireSync {
		s.every(syncEvery, func() { s.checkSync(s.base) })
	}
	s.runs.Go(s.watchMarks)
	return s, nil
}

// DedupeWindow returns how long a duplicate of an event is dropped. Another process may
// have changed it since this one opened the store.
func (s *Store) DedupeWindow() time.Duration { return s.c.DedupeWindow }

// Close makes the store answer [ErrClosed], cancels every Run and Replay, and waits
// until running callbacks have returned. It does not wait for events that are being
// stored: shut down the server of the endpoints first, or use [Serve]. It must not be
// called from a callback.
func (s *Store) Close() error {
	s.mu.Lock()
	s.stop()
	s.mu.Unlock()
	s.runs.Wait()
	s.closeMarks()
	return nil
}

// begin registers a Run or the like. Its context is done when ctx is done, or when the
// store is closed.
func (s *Store) begin(ctx context.Context) (context.Context, func(), error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.base.Err() != nil {
		return nil, nil, ErrClosed
	}
	s.runs.Add(1)
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(s.base, cancel)
	return ctx, func() {
		stop()
		cancel()
		s.runs.Done()
	}, nil
}

// Format shows the name of the Store, whatever the verb. fmt would read fields that
// change meanwhile.
func (s *Store) Format(f fmt.State, _ rune) {
	if s == nil {
		_, _ = f.Write([]byte("durable.Store(nil)"))
		return
	}
	_, _ = fmt.Fprintf(f, "durable.Store(%s)", s.c.Name)
}

func (s *Store) log() *slog.Logger {
	if s.c.Logger != nil {
		return s.c.Logger
	}
	return slog.Default()
}
