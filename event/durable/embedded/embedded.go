// Package embedded keeps a durable store in a directory, with a NATS server in this
// process that listens on no port: nothing to install, nothing to run.
//
//	store, err := embedded.Open(ctx, embedded.Config{Dir: "data", Config: durable.Config{
//		Payloads: cloudevent.Payloads{relock.Vendor: relock.Decode},
//	}})
//	if err != nil {
//		return err
//	}
//	mux.Handle("/webhooks/relock", hook.Handler(store)) // answers 200 once the store has the event
//	return durable.Serve(ctx, server, store, events)    // calls the callbacks, closes the store
//
// Every write is synced to the disk before it is acknowledged. The directory is locked
// while the store is open: two servers on one directory would lose events in silence.
//
// Package durable says what a store does and guarantees.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/gofrs/flock"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/accesshook/accesshook/event/durable"
)

// ErrInUse is returned by [Open] if another store, of this process or another,
// has the directory open.
var ErrInUse = errors.New("embedded: the directory is in use by another process")

// Config configures a [Store]. Dir and Payloads are required.
type Config struct {
	// Dir is the directory, which is created if it does not exist. It must be on a local
	// file system: locks are not reliable on others.
	Dir string
	// Config is that of the store. Replicas must be 0 or 1.
	durable.Config
}

// A Store is a durable store in a directory. It is safe for concurrent use. Open one with
// [Open].
type Store struct {
	*durable.Store
	engine *engine
	nc     *nats.Conn
	lock   *flock.Flock
	log    *slog.Logger

	stop context.CancelFunc // ends watch
	done chan struct{}      // closed when watch has ended

	close func() error // once
}

// lockFile is in the directory, beside the files of the server.
const lockFile = "accesshook.lock"

// Open opens the store in c.Dir, and creates it if it does not exist. ctx is for Open
// alone. Open returns [ErrInUse] if another store has the directory open, and
// durable.ErrMismatch if the store in it was created with other settings, or with another
// Name alone.
//
// Close the store, or the events that were handled last come again. durable.Serve does.
func Open(ctx context.Context, c Config) (_ *Store, err error) {
	payload, err := c.MaxMessage()
	switch {
	case err != nil:
		return nil, err
	case c.Dir == "":
		return nil, errors.New("embedded: Config.Dir is empty")
	case filepath.Base(c.Dir) == server.JetStreamStoreDir:
		// The server would take it for the directory that it makes in another store's.
		return nil, fmt.Errorf("embedded: Config.Dir must not be called %s", server.JetStreamStoreDir)
	case c.Replicas > 1:
		return nil, errors.New("embedded: Config.Replicas must be 1: there is one server")
	case payload > math.MaxInt32:
		return nil, errors.New("embedded: Config.MaxBody is too large")
	}
	log := c.Logger
	if log == nil {
		log = slog.Default()
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("embedded: %w", err)
	}
	s := &Store{
		log:  log,
		lock: flock.New(filepath.Join(c.Dir, lockFile), flock.SetPermissions(0o600)),
		done: make(chan struct{}),
	}
	switch locked, err := s.lock.TryLock(); {
	case err != nil:
		return nil, fmt.Errorf("embedded: cannot lock the directory: %w", err)
	case !locked:
		return nil, fmt.Errorf("%w: %s", ErrInUse, c.Dir)
	}
	defer func() {
		if err != nil {
			_ = s.release()
		}
	}()
	c.MarkFile = c.markFile()
	s.engine = newEngine(c, int32(payload), log)
	if err := s.engine.start(); err != nil {
		return nil, err
	}
	if s.nc, err = s.engine.connect(); err != nil {
		return nil, err
	}
	if err := s.checkName(ctx, c.Name); err != nil {
		return nil, err
	}
	c.RequireSync = false // an event is always synced before it is answered
	if s.Store, err = durable.Connect(ctx, s.nc, c.Config); err != nil {
		return nil, err
	}
	watch, stop := context.WithCancel(context.Background())
	s.stop = stop
	go s.watch(watch)
	s.close = sync.OnceValue(func() error {
		err := s.Store.Close()
		s.stop()
		<-s.done
		return errors.Join(err, s.release())
	})
	return s, nil
}

// checkName returns durable.ErrMismatch if the directory has stores, and none of that name:
// another one would be empty.
func (s *Store) checkName(ctx context.Context, name string) error {
	if name == "" {
		name = durable.DefaultName
	}
	names, err := durable.Names(ctx, s.nc)
	if err != nil || len(names) == 0 || slices.Contains(names, name) {
		return err
	}
	return &durable.MismatchError{Setting: "Name", Was: strings.Join(names, ", "), Is: name}
}

// Close cancels every Run, waits until running callbacks have returned, and closes the
// directory. It must not be called from a callback.
func (s *Store) Close() error { return s.close() }

// release undoes Open, the lock last.
func (s *Store) release() error {
	if s.nc != nil {
		s.nc.Close()
	}
	if s.engine != nil {
		stopServer(s.engine.detach())
	}
	if err := s.lock.Unlock(); err != nil {
		return fmt.Errorf("embedded: %w", err)
	}
	return nil
}
