package jsonbody

import "slices"

// OpenUnauthenticated is [Open] for a body of which nobody knows who sent it. Its
// top-level names must differ, since two readers could take one each. A name in
// another letter case is another name.
func OpenUnauthenticated(body []byte) (*Reader, error) {
	r, err := Open(body)
	if err != nil {
		return nil, err
	}
	if r.repeats() {
		r.Close()
		return nil, ErrRepeated
	}
	return r, nil
}

// maxCompared is up to how many names are compared with each other.
const maxCompared = 64

// repeats reports whether the object at the beginning has a name twice.
func (r *Reader) repeats() bool {
	var few [maxCompared][]byte
	names := few[:0]
	var lengths uint64 // a bit for the length and last byte of each name
	for r.Object(); r.Next(); r.Skip() {
		name := r.name
		bit := uint64(0)
		if n := len(name); n > 0 {
			bit = 1 << ((uint(n)*7 + uint(name[n-1])) & 63)
		}
		switch {
		case len(names) == maxCompared:
			return r.repeatsMany()
		case lengths&bit != 0 || bit == 0:
			if slices.ContainsFunc(names, func(n []byte) bool { return string(n) == string(name) }) {
				return true
			}
		}
		lengths |= bit
		names = append(names, name)
	}
	r.next = 0
	return false
}

func (r *Reader) repeatsMany() bool {
	r.next = 0
	names := make(map[string]struct{})
	for r.Object(); r.Next(); r.Skip() {
		if _, ok := names[string(r.name)]; ok {
			return true
		}
		names[string(r.name)] = struct{}{}
	}
	r.next = 0
	return false
}
