// Package dead is the command "gateway dead", which manages dead letters: events whose
// attempts all failed.
package dead

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/examples/gateway/internal/store"
)

const pageSize = 100 // dead letters that are listed at once

// A Source holds dead letters: a running gateway, or a directory that no gateway has open.
type Source interface {
	// List returns up to limit dead letters that f selects, in order, without their
	// events. It returns none after the last.
	List(ctx context.Context, f durable.DeadFilter, limit int) ([]store.DeadLetter, error)
	Show(ctx context.Context, number uint64) (store.DeadLetter, error)
	Retry(ctx context.Context, number uint64) error
	Drop(ctx context.Context, number uint64) error
	Close() error
}

// A Command is what to do.
type Command struct {
	Verb    string   // list, show, retry or drop
	Numbers []uint64 // none for list
	// Many says that Filter selects what to retry or drop, in the place of Numbers.
	Many   bool
	Filter durable.DeadFilter // also of list
	DryRun bool               // of Many: only say how many there are

	Stdout io.Writer
	// Table writes a list for people. Nil: each dead letter is a line of JSON.
	Table func(w io.Writer, list []store.DeadLetter) error
	// Progress is called after each one of Many, and with end after the last.
	Progress func(p Progress, end bool)
}

// Run applies the verb to every number, even if one fails.
func (c Command) Run(ctx context.Context, s Source) error {
	switch {
	case c.Verb == "list":
		return c.list(ctx, s)
	case c.Many:
		return c.many(ctx, s)
	}
	var failed []error
	for _, number := range c.Numbers {
		if err := c.one(ctx, s, number); err != nil {
			failed = append(failed, c.failed(number, err))
		}
	}
	return errors.Join(failed...)
}

// one applies the verb to one dead letter.
func (c Command) one(ctx context.Context, s Source, number uint64) error {
	switch c.Verb {
	case "retry":
		return s.Retry(ctx, number)
	case "drop":
		return s.Drop(ctx, number)
	}
	letter, err := s.Show(ctx, number)
	if err != nil {
		return err
	}
	return c.writeLine(letter)
}

func (c Command) failed(number uint64, err error) error {
	if errors.Is(err, durable.ErrNotFound) {
		err = errors.New(noSuch) // as the admin side says it
	}
	return fmt.Errorf("%s %d: %w", c.Verb, number, err)
}

func (c Command) list(ctx context.Context, s Source) error {
	var all []store.DeadLetter // together, since the columns of a table fit all rows
	err := each(ctx, s, c.Filter, func(letter store.DeadLetter) error {
		if c.Table == nil {
			return c.writeLine(letter)
		}
		all = append(all, letter)
		return nil
	})
	if err != nil || c.Table == nil {
		return err
	}
	return c.Table(c.Stdout, all)
}

// each calls visit with what f selects.
func each(ctx context.Context, s Source, f durable.DeadFilter, visit func(store.DeadLetter) error) error {
	for {
		list, err := s.List(ctx, f, pageSize)
		if err != nil || len(list) == 0 {
			return err
		}
		last := list[len(list)-1].Number
		if last <= f.After {
			return errors.New("the gateway repeats its list")
		}
		f.After = last
		for _, letter := range list {
			if err := visit(letter); err != nil {
				return err
			}
		}
	}
}

func (c Command) writeLine(letter store.DeadLetter) error {
	return json.NewEncoder(c.Stdout).Encode(letter)
}
