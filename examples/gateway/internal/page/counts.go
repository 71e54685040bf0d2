package page

import (
	"time"

	"github.com/accesshook/accesshook/event"
)

const (
	countedMinutes = 60
	countedVendors = 16 // more are counted together
	otherVendors   = "other"
)

// A count is what one vendor sent in one minute. An event is a failure or an alert, never
// both.
type count struct{ events, failures, alerts uint64 }

// counts has the events of the last hour by minute and vendor. The zero value is ready
// to use. It is not safe for concurrent use.
type counts struct {
	total   uint64
	vendors []string // in the order of their first event
	minutes [countedMinutes]struct {
		minute int64 // since the Unix epoch
		by     [countedVendors]count
	}
}

// add counts an event that was handled at now.
func (c *counts) add(now time.Time, e *event.Event) {
	c.total++
	minute := now.Unix() / 60
	m := &c.minutes[minute%countedMinutes]
	if m.minute != minute {
		clear(m.by[:])
		m.minute = minute
	}
	n := &m.by[c.vendor(e.Vendor)]
	n.events++
	switch {
	case e.Type == event.SecurityAlert, e.Severity >= event.SeverityHigh:
		n.alerts++
	case e.Outcome == event.OutcomeFailure:
		n.failures++
	}
}

func (c *counts) vendor(name string) int {
	for i, v := range c.vendors {
		if v == name {
			return i
		}
	}
	if len(c.vendors) == countedVendors-1 {
		name = otherVendors
	}
	if len(c.vendors) < countedVendors {
		c.vendors = append(c.vendors, name)
	}
	return len(c.vendors) - 1
}

// countsMessage is the JSON form of counts.
type countsMessage struct {
	Now     int64           `json:"now"`   // in Unix milliseconds, by the clock of the gateway
	Total   uint64          `json:"total"` // since its start
	Minutes []minuteMessage `json:"minutes"`
}

type minuteMessage struct {
	Minute  int64                `json:"minute"`  // since the Unix epoch
	Vendors map[string][3]uint64 `json:"vendors"` // events, of these failures, and alerts
}

// since returns the minutes from the given one on that have events, oldest first.
func (c *counts) since(minute int64, now time.Time) countsMessage {
	message := countsMessage{Now: now.UnixMilli(), Total: c.total, Minutes: []minuteMessage{}}
	current := now.Unix() / 60
	for at := max(minute, current-countedMinutes+1); at <= current; at++ {
		m := &c.minutes[at%countedMinutes]
		if m.minute != at {
			continue
		}
		vendors := make(map[string][3]uint64)
		for i, name := range c.vendors {
			if n := m.by[i]; n.events > 0 {
				vendors[name] = [3]uint64{n.events, n.failures, n.alerts}
			}
		}
		message.Minutes = append(message.Minutes, minuteMessage{at, vendors})
	}
	return message
}
