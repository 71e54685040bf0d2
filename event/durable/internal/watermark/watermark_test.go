package watermark

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var day = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// with returns a mark and the state that fits it, changed.
func with(change func(*Shard, *State)) (Shard, State) {
	m := Shard{Created: day, Last: 100, LastTime: day.Add(time.Hour), Purged: 10, Gone: []Span{{20, 24}}, Missing: 5}
	s := State{Created: day, First: 11, Last: 100, FirstTime: day.Add(time.Minute), LastTime: m.LastTime, Deleted: m.Gone, Kept: 100}
	change(&m, &s)
	return m, s
}

func TestCompare(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Shard, *State)
		want   Loss
		where  string
		settle bool // without a loss, the mark is another one
	}{
		"all there":          {change: func(*Shard, *State) {}},
		"more":               {change: func(_ *Shard, s *State) { s.Last, s.Kept = 150, 150 }},
		"not yet purged":     {change: func(m *Shard, _ *State) { m.Purged = 50 }},
		"purged":             {change: func(m *Shard, s *State) { m.Purged, s.First, s.Deleted = 50, 51, nil }},
		"all purged":         {change: func(m *Shard, s *State) { m.Purged, s.First, s.Deleted = 100, 101, nil }},
		"a replica has more": {change: func(_ *Shard, s *State) { s.Deleted = nil }},
		"beginning":          {change: func(_ *Shard, s *State) { s.First = 31; s.Deleted = nil }, want: Loss{Beginning: 15}, where: "beginning 15"},
		"interior":           {change: func(_ *Shard, s *State) { s.Deleted = []Span{{18, 24}, {99, 99}} }, want: Loss{Interior: 3}, where: "interior 3"},
		"behind the mark":    {change: func(_ *Shard, s *State) { s.Last, s.Kept, s.Deleted = 150, 150, []Span{{20, 24}, {120, 129}} }, want: Loss{Interior: 10}, where: "interior 10"},
		"end":                {change: func(_ *Shard, s *State) { s.Last, s.Kept = 90, 90 }, want: Loss{End: 10}, where: "end 10"},
		"replaced":           {change: func(_ *Shard, s *State) { s.Last, s.Kept = 150, 80 }, want: Loss{End: 20}, where: "end 20"},
		"both ends":          {change: func(_ *Shard, s *State) { s.First, s.Last, s.Kept = 13, 99, 99 }, want: Loss{Beginning: 2, End: 1}, where: "beginning 2, end 1"},
		"empty":              {change: func(_ *Shard, s *State) { s.First, s.Deleted = 101, nil }, want: Loss{Beginning: 85}, where: "beginning 85"},
		"new stream": {change: func(_ *Shard, s *State) {
			*s = State{Created: day.Add(2 * time.Hour), First: 1}
		}, want: Loss{StreamGone: 85}, where: "stream gone 85"},
		"new stream with events": {change: func(_ *Shard, s *State) {
			*s = State{Created: day.Add(2 * time.Hour), First: 1, Last: 200, Kept: 200, FirstTime: day.Add(3 * time.Hour)}
		}, want: Loss{StreamGone: 85}, where: "stream gone 85"},
		"new stream, nothing expected": {change: func(m *Shard, s *State) {
			m.Purged = 100
			*s = State{Created: day.Add(2 * time.Hour), First: 1}
		}, settle: true},
		"restored": {change: func(_ *Shard, s *State) { s.Created, s.Last, s.Kept = day.Add(2*time.Hour), 90, 90 }, want: Loss{End: 10}, where: "end 10"},
		"counts again, all was purged": {change: func(m *Shard, s *State) {
			m.Purged = 100
			s.First, s.Last, s.Kept, s.Deleted = 1, 5, 5, nil
		}, settle: true},
		"no mark": {change: func(m *Shard, s *State) { *m = Shard{}; s.Deleted = []Span{{30, 90}} }},
	} {
		t.Run(name, func(t *testing.T) {
			m, s := with(test.change)
			loss, next := m.Compare(s)
			assert.Equal(t, test.want, loss)
			assert.Equal(t, test.where, loss.String())
			assert.Equal(t, m.Missing+test.want.Total(), next.Missing)
			assert.Equal(t, test.settle || loss.Total() > 0, next.Round > m.Round)
			s.Kept = s.Last
			again, last := next.Compare(s)
			assert.Zero(t, again, "it is counted once")
			assert.Empty(t, cmp.Diff(next, last), "nothing changes any more")
		})
	}
}

// A store that goes on, is purged and damaged at random loses what is counted, whenever
// somebody looks.
func TestCompareCountsExactly(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 1000 {
		s := State{Created: day, First: 1, FirstTime: day}
		mark := Shard{}
		_, mark = mark.Compare(s)
		lost := uint64(0) // of what somebody saw, or what is between others
		for range 12 {
			switch r.IntN(5) {
			case 0, 1:
				s.Last += r.Uint64N(50)
				_, mark = mark.Compare(s.kept()) // somebody sees them
			case 2: // the mark is ahead
				_, mark = mark.Compare(s.kept()) // what is purged unseen is not told
				if mark.Purged = max(mark.Purged, s.First-1+r.Uint64N(s.Last-s.First+2)); r.IntN(3) > 0 {
					s.First = mark.Purged + 1
					s.Deleted = clip(s.Deleted, s.First, s.Last)
				}
			case 3: // not the last: then the end would be lost
				if s.Last > s.First+1 {
					at := s.First + 1 + r.Uint64N(s.Last-s.First-1)
					hole := subtract1(Span{at, min(at+r.Uint64N(4), s.Last-1)}, s.Deleted)
					lost += Count(clip(hole, mark.Purged+1, s.Last))
					s.Deleted = union(s.Deleted, hole)
				}
			case 4:
				lost += Count(Subtract(clip([]Span{{s.First, s.Last}}, mark.Purged+1, s.Last), s.Deleted))
				s = State{Created: s.Created.Add(time.Hour), First: 1, FirstTime: s.Created.Add(time.Hour)}
				_, mark = mark.Compare(s.kept())
			}
			if len(s.Deleted) >= maxSpans {
				break
			}
		}
		_, mark = mark.Compare(s.kept())
		require.Equal(t, lost, mark.Missing)
	}
}

func (s State) kept() State {
	s.Kept = s.Last
	return s
}

func subtract1(s Span, b []Span) []Span { return Subtract([]Span{s}, b) }

func TestMerge(t *testing.T) {
	m, _ := with(func(*Shard, *State) {})
	shard := func(change func(*Shard)) Marks {
		one := m
		change(&one)
		return Marks{Shards: []Shard{one}}
	}
	for name, test := range map[string]struct {
		own, other, want Marks
		behind           bool
	}{
		"equal":             {own: shard(func(*Shard) {}), other: shard(func(*Shard) {}), want: shard(func(*Shard) {})},
		"own is newer":      {own: shard(func(s *Shard) { s.Last = 200 }), other: shard(func(*Shard) {}), want: shard(func(s *Shard) { s.Last = 200 })},
		"own is older":      {own: shard(func(s *Shard) { s.Last = 50 }), other: shard(func(*Shard) {}), want: shard(func(*Shard) {}), behind: true},
		"purged since":      {own: shard(func(s *Shard) { s.Last, s.Purged = 50, 40 }), other: shard(func(*Shard) {}), want: shard(func(s *Shard) { s.Purged = 40 }), behind: true},
		"own had a loss":    {own: shard(func(s *Shard) { s.Last, s.Round = 50, 1 }), other: shard(func(*Shard) {}), want: shard(func(s *Shard) { s.Last, s.Round = 50, 1 })},
		"the other had one": {own: shard(func(*Shard) {}), other: shard(func(s *Shard) { s.Last, s.Round = 50, 1 }), want: shard(func(s *Shard) { s.Last, s.Round = 50, 1 }), behind: true},
		"own is lost":       {own: Marks{Shards: make([]Shard, 1)}, other: shard(func(*Shard) {}), want: shard(func(*Shard) {})},
		"no other":          {own: shard(func(*Shard) {}), want: shard(func(*Shard) {})},
		"an empty other":    {own: shard(func(*Shard) {}), other: Marks{Shards: make([]Shard, 1)}, want: shard(func(*Shard) {})},
		"another stream":    {own: shard(func(s *Shard) { s.Created, s.Last = day.Add(time.Hour), 500 }), other: shard(func(*Shard) {}), want: shard(func(*Shard) {}), behind: true},
	} {
		t.Run(name, func(t *testing.T) {
			got, behind := Merge(test.own, test.other)
			assert.Empty(t, cmp.Diff(test.want, got))
			assert.Equal(t, test.behind, behind)
		})
	}
}

func TestDead(t *testing.T) {
	_, d := Dead{}.Compare(State{Created: day, First: 1}, 3)
	missing, d := d.Compare(State{Created: day, First: 1}, 2)
	assert.Zero(t, missing, "one was dropped")
	missing, d = d.Compare(State{Created: day.Add(time.Hour), First: 1}, 0)
	assert.Equal(t, uint64(2), missing)
	assert.Equal(t, uint64(2), Marks{Dead: d}.Missing())
}

func TestBound(t *testing.T) {
	var spans []Span
	for n := range uint64(100) {
		spans = append(spans, Span{n * n * 10, n*n*10 + 1})
	}
	few := bound(spans)
	assert.Len(t, few, maxSpans)
	assert.Equal(t, Count(spans), Count(intersect(few, spans)), "all of them are in it")
	assert.Equal(t, spans[99], few[maxSpans-1])
	assert.Len(t, spans, 100)
}

func TestFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "marks")
	none, err := ReadFile(name, "store")
	require.NoError(t, err)
	assert.Empty(t, none.Shards)

	m, _ := with(func(*Shard, *State) {})
	marks := Marks{Shards: []Shard{m, {}}, Dead: Dead{Created: day, Letters: 7}}
	for range 2 {
		require.NoError(t, WriteFile(name, "store", marks))
		got, err := ReadFile(name, "store")
		require.NoError(t, err)
		assert.Empty(t, cmp.Diff(marks, got))
	}
	info, err := os.Stat(name)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	_, err = ReadFile(name, "other")
	assert.ErrorContains(t, err, `the store "store", not of "other"`)

	text, err := os.ReadFile(name)
	require.NoError(t, err)
	for i := range text {
		flipped := append([]byte(nil), text...)
		flipped[i] ^= 4
		require.NoError(t, os.WriteFile(name, flipped, 0o600))
		if got, err := ReadFile(name, "store"); err == nil {
			assert.Empty(t, cmp.Diff(marks, got), "at %d", i) // such as the case of a letter
		}
	}
}
