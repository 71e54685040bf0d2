package durable

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

const (
	// stepOf is by how much the clock of this machine must be set for a log record.
	stepOf = time.Second
	// differBy is by how much the clock of a server must differ for one. It is more than
	// an answer may take.
	differBy = 5 * time.Second
	// maxClocks is how many servers are known.
	maxClocks = 256
)

var processStart = time.Now()

// uptime is how long the process has been running, by its monotonic clock.
func uptime() time.Duration { return time.Since(processStart) }

// clocks notices clocks that are set, and servers whose clock differs from that of this
// process. The store goes on whatever they say, but records and logs have their times.
type clocks struct {
	mu      sync.Mutex
	wall    time.Time                // when it was looked at last
	up      time.Duration            // likewise, by the monotonic clock
	differs map[string]time.Duration // what was logged of a server
	newest  time.Time                // the newest time of a server that was seen, also of what it stored
	behind  time.Duration            // how far a server was behind that at the last look
}

// mayStand reports whether leases and pauses may end too late, since the clock of a server
// is behind one by which they began.
func (c *clocks) mayStand() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.behind >= differBy
}

func newClocks() *clocks {
	return &clocks{wall: time.Now().Round(0), up: uptime(), differs: make(map[string]time.Duration)}
}

// noteClocks looks at the clocks, after the servers have answered.
func (s *Store) noteClocks(wall time.Time, up time.Duration, g glance) {
	c := s.clocks
	c.mu.Lock()
	defer c.mu.Unlock()
	if by := wall.Sub(c.wall) - (up - c.up); by.Abs() >= stepOf {
		s.log().LogAttrs(context.Background(), slog.LevelWarn, "durable: the clock of this machine was set",
			slog.String("store", s.c.Name), slog.Duration("by", by.Round(time.Millisecond)))
	}
	c.wall, c.up, c.behind = wall, up, 0
	for _, streams := range [][]streamState{g.shards, g.others} {
		for _, stream := range streams {
			if info := stream.info; info != nil {
				c.newest = latest(c.newest, latest(info.TimeStamp, info.State.LastTime))
			}
		}
	}
	for _, streams := range [][]streamState{g.shards, g.others} {
		for _, stream := range streams {
			if stream.info == nil || stream.info.TimeStamp.IsZero() {
				continue
			}
			server := s.nc.ConnectedServerName()
			if cluster := stream.info.Cluster; cluster != nil && cluster.Leader != "" {
				server = cluster.Leader
			}
			c.behind = max(c.behind, c.newest.Sub(stream.info.TimeStamp))
			s.noteServerClock(server, stream.info.TimeStamp.Sub(wall))
		}
	}
}

func latest(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// noteServerClock logs that the clock of a server is ahead by so much, or no more, once
// for each change.
func (s *Store) noteServerClock(server string, ahead time.Duration) {
	was, known := s.clocks.differs[server]
	level, text := slog.LevelWarn, "durable: the clock of a server differs from that of this machine"
	switch {
	case ahead.Abs() < differBy && !known, known && (ahead-was).Abs() < differBy:
		return
	case ahead.Abs() < differBy:
		delete(s.clocks.differs, server)
		level, text = slog.LevelInfo, "durable: the clock of a server is right again"
	case len(s.clocks.differs) < maxClocks:
		s.clocks.differs[server] = ahead
	}
	s.log().LogAttrs(context.Background(), level, text,
		slog.String("store", s.c.Name), slog.String("server", server), slog.Duration("ahead", ahead.Round(time.Millisecond)))
}
