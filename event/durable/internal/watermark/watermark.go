// Package watermark keeps what a store should have: a high-water mark of each shard. It
// tells what is missing, so that no loss is silent.
package watermark

import (
	"strconv"
	"strings"
	"time"
)

// Marks are the marks of a store.
type Marks struct {
	Shards []Shard `json:"shards"`
	Dead   Dead    `json:"dead"`
}

// A Shard is the mark of a shard. The events from Purged+1 to Last should be there, but
// for those that are Gone. The zero Shard is that of a shard that has no mark yet.
type Shard struct {
	// Round counts the losses that were accounted for. Of two marks of a shard the one
	// with the higher round counts: only then may the other numbers be smaller.
	Round    uint64    `json:"round"`
	Created  time.Time `json:"created"` // when the stream was created
	Last     uint64    `json:"last"`
	LastTime time.Time `json:"last_time"` // when the event Last was stored: tells it from another that took its place
	Purged   uint64    `json:"purged"`
	Gone     []Span    `json:"gone,omitzero"` // lost before, and reported
	Missing  uint64    `json:"missing"`       // all that was reported
}

// Dead is the mark of the dead letters. They are deleted one by one, so only the loss of
// all is told.
type Dead struct {
	Round   uint64    `json:"round"`
	Created time.Time `json:"created"`
	Letters uint64    `json:"letters"`
	Missing uint64    `json:"missing"`
}

// Missing is how many events were reported as missing.
func (m Marks) Missing() uint64 {
	n := m.Dead.Missing
	for _, s := range m.Shards {
		n += s.Missing
	}
	return n
}

// Merge returns the newest of two marks of a store: own, which the store keeps in itself,
// and other. behind is true if own lacks what other has, as in an older copy of the
// store.
func Merge(own, other Marks) (m Marks, behind bool) {
	if len(other.Shards) != len(own.Shards) {
		return own, false
	}
	m.Shards = make([]Shard, len(own.Shards))
	for i, a := range own.Shards {
		b := other.Shards[i]
		switch {
		case b.Created.IsZero(), b.Round < a.Round, b.Round == a.Round && b.Created.Equal(a.Created) && b.Last <= a.Last:
			m.Shards[i] = a
		default:
			b.Purged = max(b.Purged, a.purgedFor(b))
			m.Shards[i] = b
			behind = behind || !a.Created.IsZero()
		}
	}
	if m.Dead = own.Dead; other.Dead.Round > own.Dead.Round || own.Dead.Created.IsZero() {
		m.Dead = other.Dead
	}
	return m, behind
}

// purgedFor is what a says of purges to a mark b of the same round.
func (a Shard) purgedFor(b Shard) uint64 {
	if a.Round == b.Round && a.Created.Equal(b.Created) {
		return a.Purged
	}
	return 0
}

// A State is what a shard has.
type State struct {
	Created             time.Time // zero: not known
	First, Last         uint64    // First is Last+1 if there are no events
	FirstTime, LastTime time.Time
	Deleted             []Span // not there, between First and Last
	// Kept is up to where the events are those that the mark is about. Others may have
	// taken the place of lost ones. As a rule it is Last.
	Kept uint64
}

// IsNew reports whether the stream was created after the mark was made. A stream whose
// events are older than itself was restored.
func (s State) IsNew(m Shard) bool {
	return !s.Created.IsZero() && !m.Created.IsZero() && !s.Created.Equal(m.Created) &&
		(s.First > s.Last || !s.FirstTime.Before(s.Created))
}

// A Loss is how many events are missing, and where.
type Loss struct {
	Beginning  uint64 // before the first that is there
	Interior   uint64
	End        uint64 // after the last that is there
	StreamGone uint64 // all: the stream is gone, or is a new one
}

// Total is how many events are missing.
func (l Loss) Total() uint64 { return l.Beginning + l.Interior + l.End + l.StreamGone }

// String returns where events are missing: "beginning 3, end 7", or "" if none are.
func (l Loss) String() string {
	var parts []string
	for _, p := range []struct {
		name string
		n    uint64
	}{{"beginning", l.Beginning}, {"interior", l.Interior}, {"end", l.End}, {"stream gone", l.StreamGone}} {
		if p.n > 0 {
			parts = append(parts, p.name+" "+strconv.FormatUint(p.n, 10))
		}
	}
	return strings.Join(parts, ", ")
}

// Compare returns what is missing from a shard, and its next mark. If something is
// missing, or the shard is not what it was, the Round of that is higher.
func (m Shard) Compare(s State) (l Loss, next Shard) {
	next = Shard{
		Round: m.Round, Created: s.Created, Last: s.Last, LastTime: s.LastTime,
		Purged: s.First - 1, Gone: bound(clip(s.Deleted, s.First, s.Last)), Missing: m.Missing,
	}
	if next.Created.IsZero() {
		next.Created = m.Created
	}
	if m.Created.IsZero() { // no mark yet
		return Loss{}, next
	}
	holes := Subtract(clip(s.Deleted, max(s.First, m.Purged+1), s.Last), m.Gone)
	if s.IsNew(m) {
		l.StreamGone = Count(m.expected())
	} else {
		kept := min(s.Kept, m.Last)
		l.Beginning = Count(clip(m.expected(), 0, s.First-1))
		l.End = Count(clip(m.expected(), max(kept+1, s.First), m.Last))
		l.Interior = Count(clip(holes, 0, kept)) + Count(clip(holes, m.Last+1, s.Last))
	}
	if l.Total() == 0 && !s.IsNew(m) && s.Last >= m.Last {
		// Another replica may have more of what is gone, and the purge may be to come.
		next.Gone = bound(clip(union(m.Gone, s.Deleted), s.First, s.Last))
		next.Purged = max(m.Purged, next.Purged)
		return l, next
	}
	next.Round++
	next.Missing += l.Total()
	return l, next
}

// expected returns the events that should be there.
func (m Shard) expected() []Span {
	if m.Last <= m.Purged {
		return nil
	}
	return Subtract([]Span{{m.Purged + 1, m.Last}}, m.Gone)
}

// Vanished returns what is missing if there is no stream.
func (m Shard) Vanished() Loss { return Loss{StreamGone: Count(m.expected())} }

// AccountedFor is how many events between first and last are gone.
func (m Shard) AccountedFor(first, last uint64) uint64 { return Count(clip(m.Gone, first, last)) }

// Compare returns how many dead letters are missing, and the next mark.
func (d Dead) Compare(s State, letters uint64) (missing uint64, next Dead) {
	next = Dead{Round: d.Round, Created: s.Created, Letters: letters, Missing: d.Missing}
	if s.IsNew(Shard{Created: d.Created}) {
		missing = d.Letters
		next.Round++
		next.Missing += missing
	}
	return missing, next
}
