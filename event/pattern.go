package event

import (
	"fmt"
	"slices"
	"strings"
)

// matcher returns a function that reports whether an event matches pattern. It
// panics if pattern is none, or one that no event matches.
func (m *Mux) matcher(pattern Type) func(*Event) bool {
	if pattern == "*" {
		return func(*Event) bool { return true }
	}
	if !m.knows(string(pattern)) {
		if hint := m.hint(strings.ToLower(string(pattern))); hint != "" {
			panic(fmt.Sprintf("event: bad pattern %q: %s", string(pattern), hint))
		}
	}
	name, family := strings.CutSuffix(string(pattern), ".*")
	first, _, dotted := strings.Cut(name, ".")
	switch {
	case !validType(name):
		panic(fmt.Sprintf("event: bad pattern %q: want a type, a family such as %q, or %q", string(pattern), "session.*", "*"))
	case family == dotted && pattern != Unknown:
		// No type is a word alone, and a family is one.
		panic(fmt.Sprintf("event: bad pattern %q: want %q for the family", string(pattern), first+".*"))
	case family:
		prefix := name + "."
		return func(e *Event) bool { return strings.HasPrefix(string(e.Type), prefix) }
	default:
		return func(e *Event) bool { return e.Type == pattern }
	}
}

// validType reports whether s consists of lower-case words of letters, digits
// and underscores, with dots between them.
func validType(s string) bool {
	for word := range strings.SplitSeq(s, ".") {
		if word == "" {
			return false
		}
		for _, c := range []byte(word) {
			if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
				return false
			}
		}
	}
	return true
}

// knows reports whether pattern is a type, or the family of one, that this package
// names or that NewMux was given.
func (m *Mux) knows(pattern string) bool { return slices.Contains(m.patterns(), pattern) }

// patterns returns all types and families that are known.
func (m *Mux) patterns() []string {
	var all []string
	for _, t := range slices.Concat(types, m.own) {
		all = append(all, string(t))
		if family, _, ok := strings.Cut(string(t), "."); ok && !slices.Contains(all, family+".*") {
			all = append(all, family+".*")
		}
	}
	return all
}

// hint says what to write in place of an unknown pattern, in lower case: for a
// vendor's own word, a vendor's name, or a misspelling. It returns an empty string
// for a pattern that may be a type of another vendor.
func (m *Mux) hint(pattern string) string {
	if vendor, typ, ok := lookUpWord(strings.TrimSuffix(pattern, ".*")); ok {
		return fmt.Sprintf("it is %s's word for %q", vendor, string(typ))
	}
	if vendor, rest, _ := strings.Cut(pattern, "."); isVendor(vendor) {
		_, typ, ok := lookUpWord(rest)
		switch {
		case ok:
			return fmt.Sprintf("it is %s's word for %q", vendor, string(typ))
		case m.knows(rest):
			return fmt.Sprintf("want %q; %s is a vendor, which is Event.Vendor", rest, vendor)
		default:
			return vendor + " is a vendor, which is Event.Vendor, and no family of types"
		}
	}
	switch near, n := m.nearest(pattern); {
	case near == "":
		return ""
	case n == 0:
		return fmt.Sprintf("want %q", near)
	default:
		return fmt.Sprintf("want %q; name a type of your own to NewMux", near)
	}
}

// nearest returns the known type or family that differs least from pattern, and by
// how many letters: none if only letter case differs, at most two, or one in a short
// name. It returns an empty string if there is none.
func (m *Mux) nearest(pattern string) (near string, letters int) {
	letters = 3
	for _, p := range m.patterns() {
		if strings.HasSuffix(p, ".*") != strings.HasSuffix(pattern, ".*") || hasPrefixWord(pattern, p) {
			continue
		}
		if n := distance(pattern, p); n < letters && (n < 2 || len(p) > len("device.*")) {
			near, letters = p, n
		}
	}
	return near, letters
}

// hasPrefixWord reports whether pattern is the type t with un-, re-, de- or the
// like before the action, and so another word: "account.unblocked".
func hasPrefixWord(pattern, t string) bool {
	family, action, _ := strings.Cut(t, ".")
	return len(pattern) == len(t)+2 && strings.HasPrefix(pattern, family+".") && strings.HasSuffix(pattern, action)
}

// distance returns how many letters must be added, left out, replaced, or swapped
// with the next one to turn a into b.
func distance(a, b string) int {
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			n := row[j-1]
			if a[i-1] != b[j-1] {
				n++
			}
			n = min(n, row[j]+1, next[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				n = min(n, before[j-2]+1)
			}
			next[j] = n
		}
		before, row = row, next
	}
	return row[len(b)]
}
