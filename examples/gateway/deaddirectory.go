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

// A directoryBox is a store in a directory that this process has opened for its
// dead letters.
type directoryBox struct{ *store }

// openLetters opens the store in dir. Events that are retried are written to
// stdout.
func openLetters(ctx context.Context, dir string, env environment, stdout io.Writer, log *slog.Logger) (letterbox, error) {
	// Else a wrong name would make a store.
	if _, err := os.Stat(filepath.Join(dir, "jetstream")); err != nil {
		return nil, fmt.Errorf("there is no store in %s", dir)
	}
	o, err := parseOptions([]string{"-data", dir}, io.Discard)
	if err != nil {
		return nil, err
	}
	// Whoever looks at dead letters need not know how the store was made.
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
		return nil, fmt.Errorf("a gateway has %s open: ask it, with -admin in the place of -data", dir)
	case err != nil:
		return nil, err
	}
	events := newEvents(stdout)
	return directoryBox{newStore(o, s, events, newMetrics(events), log)}, nil
}

func (b directoryBox) letters(ctx context.Context, after uint64) ([]json.RawMessage, error) {
	letters, err := b.store.letters(ctx, after, maxLetters)
	if err != nil {
		return nil, err
	}
	list := make([]json.RawMessage, len(letters))
	for i, l := range letters {
		if list[i], err = json.Marshal(l); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (b directoryBox) letter(ctx context.Context, number uint64) (json.RawMessage, error) {
	l, err := b.store.letter(ctx, number)
	if err != nil {
		return nil, toldError(err)
	}
	return json.Marshal(l)
}

func (b directoryBox) retry(ctx context.Context, number uint64) error {
	return toldError(b.store.retry(ctx, number))
}

func (b directoryBox) drop(ctx context.Context, number uint64) error {
	return toldError(b.store.drop(ctx, number))
}

// toldError is err in the words of the admin side.
func toldError(err error) error {
	if errors.Is(err, durable.ErrNotFound) {
		return errors.New(noLetter)
	}
	return err
}
