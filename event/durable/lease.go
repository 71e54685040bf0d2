package durable

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

const (
	// renewEvery suits the shortest lease. The lease of the process that began last
	// counts, which may have begun a moment ago.
	renewEvery = minLease / 3
	// leaseSlack is how long after its deadline a callback may return before the log says
	// that it ignores it.
	leaseSlack = time.Second
)

// A lease is that of the event of a delivery: until when it is renewed, and whether that
// was in time. All times are of the monotonic clock.
type lease struct {
	start   time.Time    // not after the server has delivered the event
	until   atomic.Int64 // when renewing ends, since start
	renewed atomic.Int64 // when it was renewed last, since start
	lost    atomic.Bool  // it was renewed too late
	calling atomic.Bool  // a callback is running
}

// extend has the lease renewed for d from now on, while no callback runs.
func (l *lease) extend(d time.Duration) {
	l.calling.Store(false)
	l.until.Store(int64(time.Since(l.start) + d + leaseSlack))
}

// call has the lease renewed while a callback runs, for as long as it may take.
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

// storeWait is how long the store may take to record an attempt before or after a
// callback: three answers.
func (s *Store) storeWait() time.Duration { return 3 * s.c.PublishTimeout }

var errDeadlineIgnored = errors.New("a callback ignores its deadline: the event will be given to the callbacks again")

// keepLease renews the lease until release is called, or until the lease ends because
// something takes too long. It does not renew a lease that has expired: by then it is
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
			// Without a connection the client keeps what is sent for later.
			if d.online() && d.msg.InProgress() == nil {
				l.renewed.Store(now)
			}
		}
	}()
	return cancel
}
