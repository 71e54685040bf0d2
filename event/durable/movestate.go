package durable

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// A moveState is how far a move has come. It is kept in the store that gets the events,
// beside the records of attempts, and so for a week.
type moveState struct {
	Source string    `json:"source"` // see survey
	Phase  movePhase `json:"phase"`
	// UpTo is what the phase has looked at in each stream of the source.
	UpTo []uint64 `json:"upTo,omitempty"`
	// Starts is where the consumer begins in each shard.
	Starts []uint64 `json:"starts,omitempty"`
	Moved  Moved    `json:"moved"`
}

func (v *mover) stateSubject() string {
	return v.To.names.attempts() + "." + v.Consumer + ".move"
}

// save notes how far the move has come.
func (v *mover) save(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx) // what was copied was copied
	data, err := json.Marshal(v.state)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, v.To.c.PublishTimeout)
	defer cancel()
	if _, err := v.To.js.Publish(ctx, v.stateSubject(), data, jetstream.WithExpectStream(v.To.names.attempts())); err != nil {
		return fmt.Errorf("durable: state of the move: %w", err)
	}
	return nil
}

// begin finds out where to begin.
func (v *mover) begin(ctx context.Context) error {
	attempts, err := v.To.js.Stream(ctx, v.To.names.attempts())
	if err != nil {
		return fmt.Errorf("durable: stream %s: %w", v.To.names.attempts(), err)
	}
	var last moveState
	m, err := attempts.GetLastMsgForSubject(ctx, v.stateSubject())
	if err == nil {
		err = json.Unmarshal(m.Data, &last)
	} else if errors.Is(err, jetstream.ErrMsgNotFound) {
		err = nil
	}
	if err != nil {
		return fmt.Errorf("durable: state of the move: %w", err)
	}
	// If the source has been used since, all is read again.
	if same := last.Source == v.source.id; same && last.Phase != moveFinished && last.Phase != moveDone {
		v.state = last
		return nil
	} else if same && last.Phase == moveFinished {
		v.state = last
	} else {
		v.state = moveState{Source: v.source.id, Phase: moveFinished}
	}
	left, err := v.leavesFinished(ctx, last.Phase == moveFinished)
	if err != nil {
		return err
	}
	if left != "" {
		v.state = moveState{Source: v.source.id, Phase: moveUnfinished, Moved: Moved{FinishedLeft: left}}
	}
	return v.save(ctx) // before the store has an event of this move
}

// leavesFinished returns why finished events cannot be copied, "" if they can. The events
// of a store without the consumer may be finished ones that a move has copied before.
func (v *mover) leavesFinished(ctx context.Context, before bool) (string, error) {
	if v.UnfinishedOnly {
		return "they were not wanted", nil
	}
	for shard := range v.To.c.Shards {
		stream, err := v.To.js.Stream(ctx, v.To.names.stream(shard))
		if err != nil {
			return "", fmt.Errorf("durable: shard %d: %w", shard, err)
		}
		_, err = stream.Consumer(ctx, v.Consumer)
		if err == nil {
			return "the destination has the consumer already", nil
		}
		if !errors.Is(err, jetstream.ErrConsumerNotFound) {
			return "", fmt.Errorf("durable: consumer %s of shard %d: %w", v.Consumer, shard, err)
		}
		if !before && stream.CachedInfo().State.LastSeq > 0 {
			return "the destination has had events already", nil
		}
	}
	return "", nil
}

// createConsumer creates the consumer, so that it begins after what each shard has now.
func (v *mover) createConsumer(ctx context.Context) error {
	if v.state.Moved.Finished == (MovedCount{}) {
		return nil // Run creates it
	}
	if v.state.Starts == nil {
		last, err := v.To.lastSequences(ctx)
		if err != nil {
			return err
		}
		for shard := range v.To.c.Shards {
			v.state.Starts = append(v.state.Starts, last[v.To.names.stream(shard)]+1)
		}
		// Some of the consumers may be created, and events come, before this is run again.
		if err := v.save(ctx); err != nil {
			return err
		}
	}
	for shard, start := range v.state.Starts {
		_, err := v.To.js.CreateConsumer(ctx, v.To.names.stream(shard), jetstream.ConsumerConfig{
			Durable:       v.Consumer,
			AckPolicy:     jetstream.AckExplicitPolicy,
			MaxDeliver:    -1,
			DeliverPolicy: jetstream.DeliverByStartSequencePolicy,
			OptStartSeq:   start,
			Metadata:      map[string]string{metaMade: rand.Text()},
		}) // Run sets the rest
		if err != nil && !errors.Is(err, jetstream.ErrConsumerExists) {
			return fmt.Errorf("durable: consumer %s of shard %d: %w", v.Consumer, shard, err)
		}
	}
	return nil
}
