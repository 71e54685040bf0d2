package page

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"

	"github.com/accesshook/accesshook/event"
)

func TestCounts(t *testing.T) {
	var c counts
	begin := time.Date(2026, 11, 29, 8, 0, 0, 0, time.UTC)
	minute := begin.Unix() / 60
	c.add(begin, &event.Event{Vendor: "relock", Outcome: event.OutcomeSuccess})
	c.add(begin, &event.Event{Vendor: "relock", Type: event.SecurityAlert})
	c.add(begin, &event.Event{Vendor: "unloc", Outcome: event.OutcomeFailure})
	c.add(begin.Add(time.Minute), &event.Event{Vendor: "unloc", Outcome: event.OutcomeFailure, Severity: event.SeverityCritical})

	first := minuteMessage{minute, map[string][3]uint64{"relock": {2, 0, 1}, "unloc": {1, 1, 0}}}
	second := minuteMessage{minute + 1, map[string][3]uint64{"unloc": {1, 0, 1}}}
	now := begin.Add(90 * time.Second)
	assert.Empty(t, cmp.Diff(countsMessage{now.UnixMilli(), 4, []minuteMessage{first, second}}, c.since(0, now)))
	assert.Empty(t, cmp.Diff([]minuteMessage{second}, c.since(minute+1, now).Minutes))

	// An hour later, the first minute has its place taken.
	now = begin.Add(time.Hour)
	assert.Empty(t, cmp.Diff([]minuteMessage{second}, c.since(0, now).Minutes))
	c.add(now, &event.Event{Vendor: "unloc"})
	third := minuteMessage{minute + 60, map[string][3]uint64{"unloc": {1, 0, 0}}}
	assert.Empty(t, cmp.Diff([]minuteMessage{second, third}, c.since(0, now).Minutes))
	assert.Empty(t, c.since(0, now.Add(24*time.Hour)).Minutes)
}

func TestCountsAreLimitedInVendors(t *testing.T) {
	var c counts
	now := time.Now()
	for i := range 100 {
		c.add(now, &event.Event{Vendor: fmt.Sprint("vendor ", i)})
	}
	vendors := c.since(0, now).Minutes[0].Vendors
	assert.Len(t, vendors, countedVendors)
	assert.EqualValues(t, 100-countedVendors+1, vendors[otherVendors][0])
}
