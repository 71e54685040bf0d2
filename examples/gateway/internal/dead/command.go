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
	// List returns up to limit dead letters with numbers above after, in order, without
	// their events. It returns none after the last.
	List(ctx context.Context, after uint64, limit int) ([]store.DeadLetter, error)
	Show(ctx context.Context, number uint64) (store.DeadLetter, error)
	Retry(ctx context.Context, number uint64) error
	Drop(ctx context.Context, number uint64) error
	Close() error
}

// A Command is what to do.
type Command struct {
	Verb    string   // list, show, retry or drop
	Numbers []uint64 // none for list
	Stdout  io.Writer
	// Table writes a list for people. Nil: each dead letter is a line of JSON.
	Table func(w io.Writer, list []store.DeadLetter) error
}

// Run applies the verb to every number, even if one fails.
func (c Command) Run(ctx context.Context, s Source) error {
	if c.Verb == "list" {
		return c.list(ctx, s)
	}
	var failed []error
	for _, number := range c.Numbers {
		var err error
		switch c.Verb {
		case "show":
			var letter store.DeadLetter
			if letter, err = s.Show(ctx, number); err == nil {
				err = c.writeLine(letter)
			}
		case "retry":
			err = s.Retry(ctx, number)
		case "drop":
			err = s.Drop(ctx, number)
		}
		if errors.Is(err, durable.ErrNotFound) {
			err = errors.New("there is no such dead letter") // as the admin side says it
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("%s %d: %w", c.Verb, number, err))
		}
	}
	return errors.Join(failed...)
}

func (c Command) list(ctx context.Context, s Source) error {
	var all []store.DeadLetter // together, since the columns of a table fit all rows
	for after := uint64(0); ; {
		list, err := s.List(ctx, after, pageSize)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			break
		}
		last := list[len(list)-1].Number
		if last <= after {
			return errors.New("the gateway repeats its list")
		}
		all, after = append(all, list...), last
	}
	if c.Table != nil {
		return c.Table(c.Stdout, all)
	}
	for _, letter := range all {
		if err := c.writeLine(letter); err != nil {
			return err
		}
	}
	return nil
}

func (c Command) writeLine(letter store.DeadLetter) error {
	return json.NewEncoder(c.Stdout).Encode(letter)
}
