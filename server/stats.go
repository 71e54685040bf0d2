package server

import (
	"maps"
	"sync"
)

// Stats are the counts of a [Server]. Clients choose no key.
type Stats struct {
	// Connections are the open connections, by state: "idle" waits for its next request,
	// "header" is new, in a TLS handshake, or its header is not complete, "request" has a
	// body that is not complete or not verified, "event" has a verified event in a
	// handler, and "answer" is being sent its answer.
	Connections map[string]int
	// Closed are the connections that were closed for new ones, by reason:
	// "max_connections", "max_per_client", or "descriptors", of which the process had no
	// more. "refused" are new ones for which none could be closed.
	Closed map[string]uint64
	// Refused are the requests that net/http refused before any handler saw them, by
	// status, such as "431".
	Refused map[string]uint64
	// UnknownPaths are the requests that [Server.NotFound] answered.
	UnknownPaths uint64
}

// Why a connection was closed for a new one.
const (
	reachedTotal       = "max_connections"
	reachedClient      = "max_per_client"
	reachedDescriptors = "descriptors" // the process has no more
	reachedBusy        = "refused"     // the new one itself: each other has an event in a handler
)

// counts are guarded by mu. What is known to happen starts at zero.
type counts struct {
	mu      sync.Mutex
	closed  map[string]uint64
	refused map[string]uint64
	unknown uint64
}

func newCounts() *counts {
	return &counts{
		closed:  map[string]uint64{reachedTotal: 0, reachedClient: 0, reachedDescriptors: 0, reachedBusy: 0},
		refused: map[string]uint64{"400": 0, "417": 0, "431": 0, "501": 0, "505": 0},
	}
}

func (c *counts) countClosed(reason string)  { c.add(func() { c.closed[reason]++ }) }
func (c *counts) countRefused(status string) { c.add(func() { c.refused[status]++ }) }
func (c *counts) countUnknown()              { c.add(func() { c.unknown++ }) }

func (c *counts) add(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
}

// Stats returns the counts as they are now. What has not happened yet has a zero.
func (s *Server) Stats() Stats {
	open := make(map[string]int)
	for state := idle; state < states; state++ {
		open[stateNames[state]] = s.open.in(state)
	}
	s.counts.mu.Lock()
	defer s.counts.mu.Unlock()
	return Stats{open, maps.Clone(s.counts.closed), maps.Clone(s.counts.refused), s.counts.unknown}
}
