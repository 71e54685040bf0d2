package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
)

// A Move copies what is in one store to another. See [durable.Move].
type Move struct {
	From, To Config
	// Of To if it is new. One that exists must have them. Nil Order and zero: as From.
	Order    *durable.Order
	Shards   int
	Replicas int // zero: as it is, or 1

	UnfinishedOnly bool
	Progress       func(durable.Moved)
}

// Run moves, and returns the state of the destination after that. A directory that was
// moved cannot be opened any more.
func (m Move) Run(ctx context.Context) (moved durable.Moved, state durable.Stats, err error) {
	m.From.Durable.Order = durable.OrderAsStored
	from, err := m.From.openExisting(ctx)
	if err != nil {
		return moved, state, fmt.Errorf("-from: %w", err)
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	to, err := m.openTo(ctx, from.Settings())
	if err != nil {
		return moved, state, fmt.Errorf("-to: %w", err)
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	moved, err = durable.Move{
		From: from.Store, To: to.Store, UnfinishedOnly: m.UnfinishedOnly, Progress: m.Progress,
	}.Run(ctx)
	if err != nil {
		return moved, state, err
	}
	if state, err = to.Stats(ctx); err != nil {
		return moved, state, err
	}
	return moved, state, m.From.markMoved()
}

// openTo opens the destination, or creates it like from.
func (m Move) openTo(ctx context.Context, from durable.Config) (*Store, error) {
	exists, err := m.To.exists(ctx)
	if err != nil {
		return nil, err
	}
	c := &m.To.Durable
	c.Order, c.Shards, c.Replicas = durable.OrderAsStored, m.Shards, m.Replicas
	if !exists {
		c.Order = from.Order
		if m.Shards == 0 {
			c.Shards = from.Shards
		}
		c.MaxBytes, c.MaxDeadBytes, c.DedupeWindow = from.MaxBytes, from.MaxDeadBytes, from.DedupeWindow
	}
	if m.Order != nil {
		c.Order = *m.Order
	}
	return open(ctx, m.To)
}

// exists reports whether there is a store. It lowers MaxBody to what the servers take, as
// that of a gateway that uses them must be.
func (c *Config) exists(ctx context.Context) (bool, error) {
	if c.Dir != "" {
		_, err := os.Stat(filepath.Join(c.Dir, "jetstream"))
		return err == nil, nil
	}
	nc, err := connect(*c)
	if err != nil {
		return false, err
	}
	defer nc.Close()
	for d := &c.Durable; d.MaxBody > 1; d.MaxBody /= 2 {
		if needs, err := d.MaxMessage(); err != nil || needs <= nc.MaxPayload() {
			break
		}
	}
	return durable.Exists(ctx, nc, c.Durable.Name)
}

// openExisting opens a store, also one that was moved. It fails if there is none.
func (c Config) openExisting(ctx context.Context) (*Store, error) {
	c.evenMoved = true
	exists, err := c.exists(ctx)
	if err == nil && !exists {
		err = errors.New("there is no store on the servers")
		if c.Dir != "" {
			err = fmt.Errorf("there is no store in %s", c.Dir)
		}
	}
	if err != nil {
		return nil, err
	}
	return open(ctx, c)
}

// open is Open with an error for this command.
func open(ctx context.Context, c Config) (*Store, error) {
	s, err := Open(ctx, c)
	if errors.Is(err, embedded.ErrInUse) {
		err = fmt.Errorf("a gateway has %s open: stop it first", c.Dir)
	}
	return s, err
}

// movedFile is in a directory whose store was moved.
const movedFile = "accesshook.moved"

// markMoved has no gateway open the directory again: it would handle once more what was
// moved.
func (c Config) markMoved() error {
	if c.Dir == "" {
		return nil
	}
	text := fmt.Sprintf("The store in this directory was moved on %s. While this file is here, no gateway opens it.\n", time.Now().UTC().Format(time.RFC3339))
	return os.WriteFile(filepath.Join(c.Dir, movedFile), []byte(text), 0o600)
}

// checkMoved returns an error if the store in the directory was moved.
func (c Config) checkMoved() error {
	if c.Dir == "" || c.evenMoved {
		return nil
	}
	path := filepath.Join(c.Dir, movedFile)
	if _, err := os.Stat(path); err != nil {
		return nil
	}
	return fmt.Errorf("the store in %s was moved, and its events would be handled again: to open it nevertheless delete %s", c.Dir, path)
}
