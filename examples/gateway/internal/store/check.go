package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
)

// Check says what the store of c has, and what is missing. It changes nothing.
func Check(ctx context.Context, c Config) (durable.Report, error) {
	if c.Dir != "" {
		report, err := embedded.Check(ctx, embedded.Config{Dir: c.Dir, Config: c.Durable})
		if errors.Is(err, embedded.ErrInUse) {
			err = errors.New("a gateway has the directory open: its log and accesshook_store_missing_events say what is missing")
		}
		return report, err
	}
	nc, err := connect(c)
	if err != nil {
		return durable.Report{}, err
	}
	defer nc.Close()
	return durable.Check(ctx, nc, c.Durable)
}

// Forget deletes a consumer, whose unfinished events the store keeps. It is an error if
// there is none.
func Forget(ctx context.Context, c Config, consumer string) error {
	open := Open
	if c.Dir != "" {
		open = OpenExisting
	}
	c.Durable.Order = durable.OrderAsStored
	s, err := open(ctx, c)
	if err != nil {
		return err
	}
	stats, err := s.Stats(ctx)
	if _, there := stats.Consumers[consumer]; err == nil && !there {
		err = fmt.Errorf("the store has no consumer %s", consumer)
	}
	if err == nil {
		err = s.DeleteConsumer(ctx, consumer)
	}
	return errors.Join(err, s.Close())
}

// AcceptLoss makes what the store of c has what it should have.
func AcceptLoss(ctx context.Context, c Config) error {
	open := Open
	if c.Dir != "" {
		open = OpenExisting
	}
	s, err := open(ctx, c)
	if err != nil {
		return err
	}
	return errors.Join(s.AcceptMissing(ctx), s.Close())
}
