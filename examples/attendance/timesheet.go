package main

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/userlock"
)

// longest is how long a session may be silent. One that is silent for longer has lost its logoff.
const longest = 24 * time.Hour

// A mark is what an event says about hours of work.
type mark struct {
	user, session string
	time          time.Time
	typ           event.Type
}

// types are those that matter, in the order in which they count at the same time.
var types = []event.Type{event.SessionStarted, event.SessionLocked, event.SessionDisconnected, event.SessionReconnected, event.SessionUnlocked, event.SessionEnded}

var begins = []event.Type{event.SessionStarted, event.SessionReconnected, event.SessionUnlocked}

// away are sessions that nobody sits at, such as that of a phone that joins the Wi-Fi.
var away = []string{userlock.SessionIIS, userlock.SessionWiFiVPN, userlock.SessionSaaS}

func markOf(e *event.Event, zone *time.Location) (m mark, ok bool) {
	m = mark{strings.TrimPrefix(e.User.Key(), "name:"), cmp.Or(e.Session.ID, e.Device.Name), e.Time.In(zone), e.Type}
	return m, m.user != "" && slices.Contains(types, m.typ) && !slices.Contains(away, e.Session.Type)
}

// compare brings the marks of a session together, and in order.
func compare(a, b mark) int {
	return cmp.Or(cmp.Compare(a.user, b.user), cmp.Compare(a.session, b.session), a.time.Compare(b.time),
		cmp.Compare(slices.Index(types, a.typ), slices.Index(types, b.typ)))
}

// A stretch is a time of work within one day.
type stretch struct {
	user, note string
	from, to   time.Time
}

// stretches returns when users worked: from each mark that begins something until the next
// mark of the session. A mark that came twice counts once.
func stretches(marks []mark) (all []stretch) {
	slices.SortFunc(marks, compare)
	marks = slices.CompactFunc(marks, func(a, b mark) bool { return compare(a, b) == 0 })
	for i, m := range marks {
		other := func(j int) bool { // marks[j] is of another session
			return j < 0 || j == len(marks) || marks[j].user != m.user || marks[j].session != m.session
		}
		if !slices.Contains(begins, m.typ) {
			if other(i - 1) {
				all = append(all, stretch{m.user, "no logon", m.time, m.time})
			}
			continue
		}
		s := stretch{m.user, "no logoff", m.time, endOfDay(m.time)}
		if !other(i + 1) {
			switch next := marks[i+1]; {
			case next.typ == event.SessionStarted:
				if next.time.Before(s.to) {
					s.to = next.time
				}
			case next.time.Sub(m.time) <= longest:
				s.note, s.to = "", next.time
			}
		}
		for end := endOfDay(s.from); end.Before(s.to); end = endOfDay(end) {
			all = append(all, stretch{s.user, s.note, s.from, end})
			s.from = end
		}
		all = append(all, s)
	}
	return all
}

// A row is the work of one user on one day.
type row struct {
	worked time.Duration
	until  time.Time
	notes  []string
}

// timesheets returns the rows by day and user. Times that overlap count once.
func timesheets(marks []mark) map[string]map[string]*row {
	days := map[string]map[string]*row{}
	all := stretches(marks)
	slices.SortFunc(all, func(a, b stretch) int { return a.from.Compare(b.from) })
	for _, s := range all {
		day := s.from.Format(time.DateOnly)
		if days[day] == nil {
			days[day] = map[string]*row{}
		}
		if days[day][s.user] == nil {
			days[day][s.user] = &row{until: s.from}
		}
		r := days[day][s.user]
		if s.to.After(r.until) {
			r.worked += min(s.to.Sub(s.from), s.to.Sub(r.until))
			r.until = s.to
		}
		if s.note != "" {
			r.notes = append(r.notes, s.note)
		}
	}
	return days
}

// endOfDay returns when the local day of t ends: at the first minute that has another date.
// That is not always midnight, or 24 hours after the last one: clocks are changed.
func endOfDay(t time.Time) time.Time {
	minute := t.Truncate(time.Minute)
	return minute.Add(time.Minute * time.Duration(sort.Search(26*60, func(i int) bool {
		return minute.Add(time.Duration(i)*time.Minute).Day() != t.Day()
	})))
}
