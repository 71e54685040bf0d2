package durable

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A server in this process dies with it, and the deliveries that it counted in the
// last tenth of a second are lost. So a run writes an in-flight mark before it calls
// a callback: up to which sequence of a shard events may be with the callbacks. A
// mark reaches ahead, or each event would cost a write. An event that the mark of a
// dead process covers, and that has no record of its own, may have killed it: that
// counts as an attempt.

const (
	// marksEvery is about how often the mark of a busy shard is written. The events
	// of this time are suspected when the process has died.
	marksEvery = 100 * time.Millisecond
	maxMarked  = 1024 // events ahead
	// markFor is how long a mark is relied on, since old records are deleted.
	markFor = time.Hour
)

// A mark is the in-flight mark of one consumer in one shard. All runs in this
// process share it.
type mark struct {
	users int // guarded by marks

	mu     sync.Mutex
	loaded bool
	found  uint64 // the mark that a process before this one has left
	upTo   uint64 // the mark of this one, 0 for none
	ahead  uint64
	at     time.Time // of upTo
}

type markKey struct {
	server  nats.InProcessConnProvider
	subject string
}

// marks are those in use in this process: an event that one run has marked has not
// killed the process while another run can ask.
var marks = struct {
	sync.Mutex
	of map[markKey]*mark
}{of: make(map[markKey]*mark)}

// openMark opens the mark of a consumer in a shard. It is nil if the server is in another
// process. Call done when no callback runs any more.
func (r *run) openMark(shard int, made string) (m *mark, done func(context.Context)) {
	server := r.nc.Opts.InProcessServer
	if server == nil || !reflect.TypeOf(server).Comparable() || made == "" {
		return nil, func(context.Context) {}
	}
	key := markKey{server, r.markSubject(shard, made)}
	m = useMark(key)
	return m, func(ctx context.Context) { r.closeMark(ctx, key, m) }
}

func useMark(key markKey) *mark {
	marks.Lock()
	defer marks.Unlock()
	m := marks.of[key]
	if m == nil {
		m = new(mark)
		marks.of[key] = m
	}
	m.users++
	return m
}

// closeMark takes back what m covers in advance, unless another run uses it.
func (r *run) closeMark(ctx context.Context, key markKey, m *mark) {
	marks.Lock()
	m.users--
	last := m.users == 0
	marks.Unlock()
	if !last {
		return
	}
	m.mu.Lock() // whoever takes it now has to wait
	defer m.mu.Unlock()
	marks.Lock()
	last = m.users == 0
	marks.Unlock()
	if last && m.upTo > 0 {
		_ = r.writeMark(ctx, key.subject, m.found) // else some events lose an attempt
		m.upTo = 0
	}
	marks.Lock()
	defer marks.Unlock()
	if m.users == 0 && marks.of[key] == m {
		delete(marks.of, key)
	}
}

func (r *run) markSubject(shard int, made string) string {
	return fmt.Sprintf("%s.%s.%d.mark.%s", r.names.attempts(), r.c.Name, shard, made)
}

// A markRecord is what is stored of a mark.
type markRecord struct {
	UpTo uint64 `json:"upTo"`
}

func (r *run) writeMark(ctx context.Context, subject string, upTo uint64) error {
	data, err := json.Marshal(markRecord{upTo})
	if err != nil {
		return err
	}
	_, err = r.js.Publish(ctx, subject, data, jetstream.WithExpectStream(r.names.attempts()))
	return err
}

// marked reports whether the event may have been with the callbacks of a process that
// died.
func (d *delivery) marked(ctx context.Context) (bool, error) {
	m := d.mark
	if m == nil {
		return false, nil
	}
	deadline := time.Now().Add(d.Store.c.PublishTimeout) // also for the wait
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.loaded {
		ctx, cancel := context.WithDeadline(ctx, deadline)
		defer cancel()
		if err := m.load(ctx, d); err != nil {
			return false, fmt.Errorf("durable: mark of a shard: %w", err)
		}
		m.loaded = true
	}
	return d.meta.Sequence.Stream <= m.found, nil
}

// load reads the mark that another process has left, and lowers it to the last event
// that is stored: later events were not with that process.
func (m *mark) load(ctx context.Context, d *delivery) error {
	subject := d.markSubject(d.feed.shard, d.made)
	stored, err := d.journal.GetLastMsgForSubject(ctx, subject)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	var left markRecord
	if json.Unmarshal(stored.Data, &left) != nil {
		return nil
	}
	shard, err := d.js.Stream(ctx, d.names.stream(d.feed.shard))
	if err != nil {
		return err
	}
	m.found = min(left.UpTo, shard.CachedInfo().State.LastSeq)
	if m.found == left.UpTo {
		return nil
	}
	return d.writeMark(ctx, subject, m.found)
}

// raise marks the event of d, and some after it.
func (m *mark) raise(ctx context.Context, d *delivery) error {
	deadline := time.Now().Add(d.Store.c.PublishTimeout) // also for the wait
	m.mu.Lock()
	defer m.mu.Unlock()
	seq, age := d.meta.Sequence.Stream, time.Since(m.at)
	if seq <= m.upTo && age < markFor {
		return nil
	}
	if age < marksEvery {
		m.ahead = min(2*m.ahead+1, maxMarked)
	} else {
		m.ahead /= 2
	}
	upTo := max(m.upTo, seq+m.ahead)
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	if err := d.writeMark(ctx, d.markSubject(d.feed.shard, d.made), upTo); err != nil {
		return fmt.Errorf("durable: mark of a shard: %w", err)
	}
	m.upTo, m.at = upTo, time.Now()
	return nil
}
