package explain

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"hash/maphash"
	"slices"
	"strings"
)

// maxChanges is how many changes are tried together.
const maxChanges = 4

// A finding is how a signature was made.
type finding struct {
	key     key
	changes []change // of the body
}

func (f finding) text() string {
	text := f.key.text
	var changes []string
	for _, c := range f.sorted() {
		changes = append(changes, c.text)
	}
	if len(changes) > 0 {
		text += " for the body " + strings.Join(changes, ", and ")
	}
	return text
}

// sorted are the changes, with those that say most first.
func (f finding) sorted() []change {
	return slices.SortedStableFunc(slices.Values(f.changes), func(a, b change) int { return cmp.Compare(a.kind, b.kind) })
}

func (f finding) advice() string {
	if len(f.changes) == 0 {
		return f.key.advice
	}
	advice := "Something has changed the body after it was signed. "
	switch f.sorted()[0].kind {
	case rewritten:
		advice += "It was parsed and written anew: look for a framework, a function service or a proxy before the endpoint, and give the endpoint the bytes as they came. Or the sender signs other bytes than it sends."
	case edited:
		advice += "Line ends, byte order marks and character sets are changed by editors, terminals and tools that read bodies as text. If only the capture was changed, the request itself may be right: capture it with nc, or with the gateway's -record."
	case lost:
		advice = "The sender signs something else than the body: see the vendor's page, or tell the vendor."
	}
	return strings.TrimSpace(f.key.advice + " " + advice)
}

// search looks for a way to make one of the sums, the fewest changes first.
func (x *explainer) search(sums [][]byte) (f finding, ok bool) {
	s := newSearch(x, sums)
	for n := 0; n <= maxChanges && s.goesOn(); n++ {
		for ofKey := 0; ofKey <= min(n, 2) && s.goesOn(); ofKey++ {
			s.variants(n-ofKey, func(body []byte, changes []change) bool {
				s.try(body, changes, ofKey)
				return s.goesOn()
			})
		}
	}
	if !s.found && x.budget <= 0 {
		x.note("The search for a cause was cut short after %d tries.", s.tries)
	}
	return s.finding, s.found
}

func (s *search) goesOn() bool { return !s.found && s.x.budget > 0 }

type search struct {
	x       *explainer
	sums    [][]byte // of one length
	keys    []key
	bodies  bodies
	tries   int
	finding finding
	found   bool
}

func newSearch(x *explainer, sums [][]byte) *search {
	size := len(sums[0])
	s := &search{x: x}
	for _, sum := range sums {
		if len(sum) == size {
			s.sums = append(s.sums, sum)
		}
	}
	newHash := map[int]func() hash.Hash{sha1.Size: sha1.New, sha256.Size: sha256.New, sha512.Size384: sha512.New384, sha512.Size: sha512.New}[size]
	for _, k := range x.keys() {
		if k.plain {
			k.hash = newHash()
		} else {
			k.hash = hmac.New(newHash, k.secret)
		}
		s.keys = append(s.keys, k)
	}
	s.bodies = newBodies(x.vendor, x.q, x.budget)
	return s
}

// try tries keys of which so many changes were made.
func (s *search) try(body []byte, changes []change, ofKey int) {
	for _, k := range s.keys {
		if k.changes != ofKey {
			continue
		}
		if s.x.budget <= 0 {
			return
		}
		s.x.budget -= int64(len(body)) + 256
		s.tries++
		k.hash.Reset()
		k.hash.Write(k.before)
		k.hash.Write(body)
		k.hash.Write(k.after)
		got := k.hash.Sum(nil)
		for _, sum := range s.sums {
			if hmac.Equal(got, sum) {
				s.found, s.finding = true, finding{k, changes}
				return
			}
		}
	}
}

// variants yields the body with each set of n changes, each body once.
func (s *search) variants(n int, yield func([]byte, []change) bool) {
	seen := make(map[uint64]bool)
	seed := maphash.MakeSeed()
	s.bodies.each(n, func(changes []change) bool {
		body, cost := s.bodies.change(changes)
		s.x.budget -= cost
		sum := maphash.Bytes(seed, body)
		if seen[sum] || n > 0 && bytes.Equal(body, s.bodies.body) {
			return s.x.budget > 0
		}
		seen[sum] = true
		return yield(body, changes)
	})
}
