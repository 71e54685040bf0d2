package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
)

// A directorySource is a store in a directory that this process has opened to read its
// dead letters.
type directorySource struct{ *store }

// openDirectory opens the store in dir. Retried events are written to stdout.
func openDirectory(ctx context.Context, dir string, env environment, stdout io.Writer, log *slog.Logger) (deadLetterSource, error) {
	// Opening a directory that does not exist would create a store.
	if _, err := os.Stat(filepath.Join(dir, "jetstream")); err != nil {
		return nil, fmt.Errorf("there is no store in %s", dir)
	}
	o, err := parseOptions([]string{"-data", dir}, io.Discard)
	if err != nil {
		return nil, err
	}
	// The user need not know the order that the store was created with.
	var s eventStore
	for _, o.store.order = range []string{"none", "user", "lock"} {
		var c durable.Config
		if c, err = o.storeConfig(env, nil, log); err != nil {
			return nil, usageError{err}
		}
		if s, err = openStore(ctx, o, env, c, log); !errors.Is(err, durable.ErrMismatch) {
			break
		}
	}
	switch {
	case errors.Is(err, embedded.ErrInUse):
		return nil, fmt.Errorf("a gateway has %s open: use -admin instead of -data", dir)
	case err != nil:
		return nil, err
	}
	events := newEvents(stdout)
	return directorySource{newStore(o, s, events, newMetrics(events), log)}, nil
}

func (d directorySource) list(ctx context.Context, after uint64) ([]json.RawMessage, error) {
	views, err := d.store.listDead(ctx, after, maxDeadLetters)
	if err != nil {
		return nil, err
	}
	list := make([]json.RawMessage, len(views))
	for i, view := range views {
		if list[i], err = json.Marshal(view); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (d directorySource) show(ctx context.Context, number uint64) (json.RawMessage, error) {
	view, err := d.store.showDead(ctx, number)
	if err != nil {
		return nil, publicError(err)
	}
	return json.Marshal(view)
}

func (d directorySource) retry(ctx context.Context, number uint64) error {
	return publicError(d.store.retry(ctx, number))
}

func (d directorySource) drop(ctx context.Context, number uint64) error {
	return publicError(d.store.drop(ctx, number))
}

// publicError returns err as the admin side words it.
func publicError(err error) error {
	if errors.Is(err, durable.ErrNotFound) {
		return errors.New(noDeadLetter)
	}
	return err
}
