package durable

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// silence is how long a server may leave all events without an answer before it is
	// left, and those of a shard before most of them are refused at once.
	silence = 3 * time.Second
	// shardSilence is the same for a shard while others answer. Its servers may be
	// choosing a leader, for 9 seconds at most, and another server would not help.
	shardSilence = 10 * time.Second
	// probeEvery is how often an event of a silent shard is published nevertheless.
	probeEvery = 250 * time.Millisecond
	// guardEvery is how often the watchdog decides.
	guardEvery = 500 * time.Millisecond

	// The pause after a server was left doubles while that does not help.
	leavePause, longestLeavePause = 5 * time.Second, 30 * time.Second
	// helped is how long after the last time it counts as the first time.
	helped = time.Minute
)

// A watchdog knows from which shards answers come. A server that hangs, or that is cut
// from the others, keeps its connections: nothing else tells.
type watchdog struct {
	patience time.Duration // less than this is too short for an answer

	mu        sync.Mutex
	shards    []answers
	answered  time.Time // when an event of any shard had an answer last
	connected time.Time // when there was a connection last
	left      time.Time // when a server was left last
	pause     time.Duration
}

// answers say what came of a shard. Zero times are never.
type answers struct {
	waiting int       // events without an answer yet
	silent  time.Time // since when no event has had an answer, while some waited
	err     error     // of the last event, if it had no answer
	full    time.Time // when the last event found the shard full
	timeout time.Time // when an event had no answer in time
	probed  time.Time // when an event was published although the shard is silent

	glance error     // of the last glance
	unseen time.Time // since when no glance has had an answer
}

func newWatchdog(shards int, timeout time.Duration, now time.Time) *watchdog {
	return &watchdog{shards: make([]answers, shards), patience: min(silence, timeout/2), connected: now}
}

// begin notes that an event is being published. It returns an error if that must not
// happen: it would wait for nothing, in the place of an event of another shard.
func (w *watchdog) begin(shard int, now time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := &w.shards[shard]
	if a.silent.IsZero() {
		a.silent = now
	}
	if now.Sub(a.silent) >= silence {
		if now.Sub(a.probed) < probeEvery {
			return errSilent
		}
		a.probed = now
	}
	a.waiting++
	return nil
}

var errSilent = fmt.Errorf("there has been none for %s", silence)

// end notes the outcome of an event whose publishing began at the given time.
func (w *watchdog) end(shard int, began, now time.Time, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := &w.shards[shard]
	a.waiting--
	switch {
	case isAnswer(err):
		w.answered = now
		*a = answers{waiting: a.waiting}
		if a.waiting > 0 {
			a.silent = now
		}
		if isFull(err) {
			a.full = now
		}
	case errors.Is(err, nats.ErrNoResponders), errors.Is(err, jetstream.ErrNoStreamResponse):
		a.err = err
	case errors.Is(err, context.DeadlineExceeded) && now.Sub(began) >= w.patience:
		a.err, a.timeout = err, now
	case a.waiting == 0 && a.err == nil:
		a.silent = time.Time{} // the sender gave up, or the connection was lost: nothing was learned
	}
}

// glanced notes what the servers said of the shards at a glance that began at the given
// time.
func (w *watchdog) glanced(shards []streamState, began, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for shard, state := range shards {
		a := &w.shards[shard]
		a.glance = state.err
		if !isAnswer(state.err) {
			if a.unseen.IsZero() {
				a.unseen = began
			}
			continue
		}
		a.unseen = time.Time{}
		// A leader that is cut from the others stores nothing, and goes on telling of its
		// stream until it gives up. An error is of the leader of all.
		if state.err != nil || a.waiting == 0 && now.Sub(a.timeout) > shardSilence {
			a.silent, a.err = time.Time{}, nil
		}
	}
}

// connection notes whether the client is connected.
func (w *watchdog) connection(ok bool, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.connected = now; !ok {
		w.connected = time.Time{}
	}
}

// ready returns why no shard takes events, or nil if one does.
func (w *watchdog) ready(now time.Time) (reason error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.connected.IsZero():
		return fmt.Errorf("%w: %w", ErrNoAnswer, errNotConnected)
	case now.Sub(w.connected) >= silence:
		return fmt.Errorf("%w: %w", ErrNoAnswer, errStuck) // the client has not said since
	}
	for shard := range w.shards {
		a := &w.shards[shard]
		err := a.err
		if err == nil && !a.silent.IsZero() && now.Sub(a.silent) >= silence {
			err = errSilent
		}
		switch {
		case err != nil:
			err = fmt.Errorf("%w: %w", ErrNoAnswer, err)
		case a.glance != nil:
			err = a.glance
		case !a.full.IsZero() && now.Sub(a.full) < retryAfterFull: // it may have room by then
			err = ErrFull
		default:
			return nil
		}
		if reason == nil || errors.Is(reason, ErrFull) {
			reason = err
		}
	}
	return reason
}

// leave returns why the server must be left now, or "", and then counts it as left.
func (w *watchdog) leave(now time.Time) (reason string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if reason = w.silence(now); reason == "" || now.Sub(w.left) < w.pause {
		return ""
	}
	if w.pause = min(2*w.pause, longestLeavePause); now.Sub(w.left) > helped {
		w.pause = leavePause
	}
	w.left = now
	for shard := range w.shards { // what comes next is of another server
		a := &w.shards[shard]
		a.silent, a.err, a.timeout, a.unseen = time.Time{}, nil, time.Time{}, time.Time{}
	}
	return reason
}

// silence says what got no answer for too long. What became of events counts more than
// a glance.
func (w *watchdog) silence(now time.Time) string {
	since := func(t time.Time) time.Duration {
		if t.IsZero() {
			return 0
		}
		return now.Sub(t)
	}
	unseen := len(w.shards) // shards that no glance saw
	for shard := range w.shards {
		a := &w.shards[shard]
		none := now.Sub(w.answered) >= silence
		switch {
		case none && since(a.silent) >= silence:
			return fmt.Sprintf("no event was stored for %s", silence)
		case since(a.silent) >= shardSilence:
			return fmt.Sprintf("no event of shard %d was stored for %s", shard, shardSilence)
		case since(a.unseen) >= shardSilence:
			return fmt.Sprintf("shard %d has not answered for %s", shard, shardSilence)
		case none && since(a.unseen) >= silence:
			unseen--
		}
	}
	if unseen == 0 {
		return fmt.Sprintf("no shard has answered for %s", silence)
	}
	return ""
}

// isAnswer reports whether err, of the client, is an answer of the servers that store.
func isAnswer(err error) bool {
	api, ok := errors.AsType[*jetstream.APIError](err)
	return err == nil || ok && api.ErrorCode != codeNotAvailable
}

// guard leaves a server that does not answer for another.
func (s *Store) guard() {
	// While the client connects again, it holds its lock for seconds at a time.
	connected := s.nc.IsConnected()
	s.watchdog.connection(connected, time.Now())
	if !connected || len(s.nc.Servers()) < 2 {
		return
	}
	name, addr := s.nc.ConnectedServerName(), s.nc.ConnectedAddr()
	reason := s.watchdog.leave(time.Now())
	if reason == "" {
		return
	}
	s.log().LogAttrs(s.base, slog.LevelWarn, "durable: leaving a NATS server for another",
		slog.String("server", addr), slog.String("name", name), slog.String("reason", reason))
	// The client flushes the connection while it holds its lock, which a server that hangs
	// may hold up. Until then, nobody else may wait for that lock.
	s.stuck.Add(1)
	_ = s.nc.ForceReconnect() // fails if it is closed, which is as good
	s.stuck.Add(-1)
}
