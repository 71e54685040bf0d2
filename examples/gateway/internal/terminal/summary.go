package terminal

import (
	"bytes"
	"io"
	"maps"
	"slices"
	"strconv"
	"sync"

	"github.com/accesshook/accesshook/event"
)

// A Summary counts events by vendor. It is safe for concurrent use.
type Summary struct {
	mu     sync.Mutex
	counts map[string]*count
}

type count struct{ events, failures, alerts int }

// NewSummary returns a Summary of no events.
func NewSummary() *Summary { return &Summary{counts: make(map[string]*count)} }

// Add counts e. An event of high severity is an alert, and no failure as well, as in
// [Lines].
func (s *Summary) Add(e *event.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.counts[e.Vendor]
	if c == nil {
		c = new(count)
		s.counts[e.Vendor] = c
	}
	c.events++
	switch outcomeOf(e) {
	case failed:
		c.failures++
	case alert:
		c.alerts++
	}
}

// WriteTo implements [io.WriterTo] with a table: vendors in alphabetical order, and their
// sums. Without events it writes nothing.
func (s *Summary) WriteTo(w io.Writer) (int64, error) {
	var table bytes.Buffer
	if err := Table(&table, 80, []string{"vendor", "events", "failures", "alerts"}, s.rows()); err != nil {
		return 0, err
	}
	return table.WriteTo(w)
}

func (s *Summary) rows() [][]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var rows [][]string
	add := func(name string, c count) {
		rows = append(rows, []string{name, strconv.Itoa(c.events), strconv.Itoa(c.failures), strconv.Itoa(c.alerts)})
	}
	var all count
	for _, vendor := range slices.Sorted(maps.Keys(s.counts)) {
		c := *s.counts[vendor]
		add(vendor, c)
		all.events, all.failures, all.alerts = all.events+c.events, all.failures+c.failures, all.alerts+c.alerts
	}
	if len(rows) > 1 {
		add("all", all)
	}
	return rows
}
