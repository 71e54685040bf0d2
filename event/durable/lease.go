package durable

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

const (
	// renewEvery suits the shortest lease. The lease that counts is that of the process
	// of this consumer that began last, which may have begun a moment ago.
	renewEvery = minLease / 3
	// leaseSlack is how long after its deadline a callback may return without being
	// said to ignore it.
	leaseSlack = time.Second
)

// A lease is for how long the event of a delivery is renewed, and whether that was in
// time. Its times are of a clock that nobody sets.
type lease struct {
	start   time.Time    // not after the server gave the event out
	until   atomic.Int64 // when renewing ends, since start
	renewed atomic.Int64 // when it was renewed last, since start
	lost    atomic.Bool  // it was renewed too late
	calling atomic.Bool  // a callback is running
}

// extend has it renewed for d from now on, for what is not a callback.
func (l *lease) extend(d time.Duration) {
	l.calling.Store(false)
	l.until.Store(int64(time.Since(l.start) + d + leaseSlack))
}

// call has it renewed for as long as a callback may take.
func (l *lease) call(timeout time.Duration) {
	l.extend(timeout)
	l.calling.Store(true)
}

// over reports whether a lease of length d has expired: at some time it was not
// renewed for d.
func (l *lease) over(d time.Duration) bool {
	if int64(time.Since(l.start))-l.renewed.Load() >= int64(d) {
		l.lost.Store(true)
	}
	return l.lost.Load()
}

// storeWait is how long the store may take for what is noted of an attempt before or
// after a callback: three answers.
func (s *Store) storeWait() time.Duration { return 3 * s.c.PublishTimeout }

var errDeadlineIgnored = errors.New("a callback ignores its deadline: the event will be given to the callbacks again")

// keepLease renews the lease of the event until release is called, or what it is
// renewed for takes too long. It does not renew a lease that is over, which would be
// that of the next attempt.
func (d *delivery) keepLease(ctx context.Context) (release func()) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		tick := time.NewTicker(renewEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			l := &d.lease
			if l.over(d.c.Lease) {
				return
			}
			now := int64(time.Since(l.start))
			if now > l.until.Load() {
				if l.calling.Load() {
					d.failed(ctx, "lease", d.event.Load(), errDeadlineIgnored)
				}
				return
			}
			if d.msg.InProgress() == nil { // else the lease is lost anyway
				l.renewed.Store(now)
			}
		}
	}()
	return cancel
}
