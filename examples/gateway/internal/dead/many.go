package dead

import (
	"context"
	"errors"
	"fmt"

	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/examples/gateway/internal/store"
)

// Progress is how far the retrying or dropping of many dead letters has come.
type Progress struct {
	Verb  string
	Total int // there were when it began
	Tried int
	// Failed are those of Tried that stay, and Gone those that somebody else has retried
	// or dropped meanwhile.
	Failed, Gone int
}

// maxShown is how many errors are shown.
const maxShown = 5

// ErrInterrupted means that the context has ended between two dead letters.
var ErrInterrupted = errors.New("interrupted")

// many retries or drops one after another what Filter selects now. The end of ctx stops
// it between two.
func (c Command) many(ctx context.Context, s Source) error {
	// Their numbers first: it must not go on for ever with what becomes a dead letter
	// again meanwhile.
	var numbers []uint64
	err := each(ctx, s, c.Filter, func(letter store.DeadLetter) error {
		numbers = append(numbers, letter.Number)
		return nil
	})
	if err != nil {
		return err
	}
	p := Progress{Verb: c.Verb, Total: len(numbers)}
	if c.DryRun {
		_, err := fmt.Fprintln(c.Stdout, p.Total)
		return err
	}
	defer func() { c.Progress(p, true) }()
	var failed []error
	for _, number := range numbers {
		if ctx.Err() != nil {
			failed = append(failed, ErrInterrupted)
			break
		}
		err := c.one(context.WithoutCancel(ctx), s, number)
		switch {
		case err == nil:
		case errors.Is(err, durable.ErrNotFound):
			p.Gone++
		case !ofOne(err): // the next would have no better luck
			return errors.Join(append(failed, c.failed(number, err))...)
		default:
			if p.Failed++; p.Failed <= maxShown {
				failed = append(failed, c.failed(number, err))
			}
		}
		p.Tried++
		c.Progress(p, false)
	}
	if more := p.Failed - maxShown; more > 0 {
		failed = append(failed, fmt.Errorf("and %d more", more))
	}
	return errors.Join(failed...)
}

// ofOne reports whether err is about one dead letter, and not about the store or the
// gateway.
func ofOne(err error) bool {
	var says letterError
	return errors.As(err, &says) || errors.Is(err, store.ErrUnreadable) || errors.Is(err, store.ErrNoSink) ||
		errors.Is(err, store.ErrCallbacksFailed) || errors.Is(err, store.ErrNotDeleted)
}
