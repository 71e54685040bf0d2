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

// openExisting opens the store of c to change something other than events.
func openExisting(ctx context.Context, c Config) (*Store, error) {
	c.Durable.MaxBody = 1 // no body comes: a server that takes small messages alone will do
	if c.Dir != "" {
		return OpenExisting(ctx, c)
	}
	if _, err := Check(ctx, c); err != nil {
		return nil, err // such as that there is no store, which Open would create
	}
	c.Durable.Order = durable.OrderAsStored
	return Open(ctx, c)
}

// Forget deletes a consumer, whose unfinished events the store keeps. It is an error if
// there is none.
func Forget(ctx context.Context, c Config, consumer string) error {
	s, err := openExisting(ctx, c)
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
	s, err := openExisting(ctx, c)
	if err != nil {
		return err
	}
	return errors.Join(s.AcceptMissing(ctx), s.Close())
}
