package watermark

import "slices"

// A Span is a range of sequences: from the first to the last, both included.
type Span [2]uint64

// maxSpans keeps the marks of 64 shards in a message of 64 KiB.
const maxSpans = 16

// Spans returns sequences, which grow, as spans.
func Spans(sequences []uint64) []Span {
	var spans []Span
	for _, n := range sequences {
		spans = Append(spans, n)
	}
	return spans
}

// Append adds a sequence that is larger than those of spans.
func Append(spans []Span, n uint64) []Span {
	if last := len(spans) - 1; last >= 0 && spans[last][1]+1 == n {
		spans[last][1] = n
		return spans
	}
	return append(spans, Span{n, n})
}

// Gaps returns what is between spans.
func Gaps(spans []Span) []Span {
	var gaps []Span
	for i := 1; i < len(spans); i++ {
		if gap := (Span{spans[i-1][1] + 1, spans[i][0] - 1}); gap[0] <= gap[1] {
			gaps = append(gaps, gap)
		}
	}
	return gaps
}

// Count returns how many sequences spans have.
func Count(spans []Span) (n uint64) {
	for _, s := range spans {
		n += s[1] - s[0] + 1
	}
	return n
}

// clip returns what of spans is from first to last.
func clip(spans []Span, first, last uint64) []Span {
	return intersect(spans, []Span{{first, last}})
}

// intersect returns what is in a and in b. Both are sorted.
func intersect(a, b []Span) []Span {
	var both []Span
	for len(a) > 0 && len(b) > 0 {
		if s := (Span{max(a[0][0], b[0][0]), min(a[0][1], b[0][1])}); s[0] <= s[1] {
			both = append(both, s)
		}
		if a[0][1] < b[0][1] {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return both
}

// Subtract returns what is in a and not in b. Both are sorted.
func Subtract(a, b []Span) []Span {
	var rest []Span
	for _, s := range a {
		for _, cut := range b {
			if cut[1] < s[0] || cut[0] > s[1] {
				continue
			}
			if cut[0] > s[0] {
				rest = append(rest, Span{s[0], cut[0] - 1})
			}
			s[0] = cut[1] + 1
		}
		if s[0] <= s[1] {
			rest = append(rest, s)
		}
	}
	return rest
}

// union returns what is in a or in b.
func union(a, b []Span) []Span {
	all := slices.Concat(a, b)
	slices.SortFunc(all, func(x, y Span) int { return slices.Compare(x[:], y[:]) })
	var joined []Span
	for _, s := range all {
		if last := len(joined) - 1; last >= 0 && s[0] <= joined[last][1]+1 {
			joined[last][1] = max(joined[last][1], s[1])
			continue
		}
		joined = append(joined, s)
	}
	return joined
}

// bound joins spans that are close to each other until there are few. What is between
// them then counts as gone as well.
func bound(spans []Span) []Span {
	spans = slices.Clone(spans)
	for len(spans) > maxSpans {
		closest := 1
		for i := range spans[1:] {
			if spans[i+1][0]-spans[i][1] < spans[closest][0]-spans[closest-1][1] {
				closest = i + 1
			}
		}
		spans[closest-1][1] = spans[closest][1]
		spans = slices.Delete(spans, closest, closest+1)
	}
	return spans
}
