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
	var few [maxCompared]token
	names := few[:0]
	var seen uint64 // a bit for the length and last byte of each name
	for i := 1; ; i++ {
		t := r.tokens[i]
		if r.text[t.start] == '}' {
			return false
		}
		name := r.text[t.start:t.end]
		if len(names) == maxCompared || !r.plain && !standsForItself(name) {
			return r.repeatsMany()
		}
		bit := uint64(1) << ((uint(len(name))*7 + uint(name[len(name)-2])) & 63)
		if seen&bit != 0 && slices.ContainsFunc(names, func(t token) bool { return string(r.text[t.start:t.end]) == string(name) }) {
			return true
		}
		seen |= bit
		names = append(names, t)
		i++
		if c := r.text[r.tokens[i].start]; c == '{' || c == '[' {
			i = int(r.tokens[i].end)
		}
	}
}

// standsForItself reports whether a string has neither escapes nor other letters than
// ASCII's, so that no other string has its meaning.
func standsForItself(quoted []byte) bool {
	for _, c := range quoted {
		if c == '\\' || c >= 0x80 {
			return false
		}
	}
	return true
}

func (r *Reader) repeatsMany() bool {
	defer r.Back(0)
	names := make(map[string]struct{})
	for r.Object(); r.Next(); r.Skip() {
		if _, ok := names[string(r.name)]; ok {
			return true
		}
		names[string(r.name)] = struct{}{}
	}
	return false
}
