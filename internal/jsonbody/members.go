package jsonbody

import (
	"sync"
	"unsafe"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// strict is for bodies that are not yet authenticated: no repeated names at any
// level, no broken UTF-8, so that all readers see the same thing.
var strict = json.JoinOptions(jsontext.AllowDuplicateNames(false), jsontext.AllowInvalidUTF8(false))

// A Member is one member of a body's top-level object. Its strings are only
// valid while the body is not changed: clone what is kept.
type Member struct {
	Name  string
	Value string // as it is written: a string with quotes
	Start int    // of Value in the body
	End   int
	r     Reader
}

// Text returns what a Value that is a string stands for.
func (m *Member) Text() (string, bool) {
	if m.Value[0] != '"' {
		return "", false
	}
	return m.r.unquote(m.Value), true
}

// Members calls yield for each top-level member of body, which is not yet
// authenticated, until it returns false. It returns an error before any call if
// body is not a JSON object, or has repeated names at any level or broken UTF-8.
func Members(body []byte, yield func(*Member) bool) error {
	object, err := check(body, strict)
	if err != nil {
		return err
	}
	m := memberPool.Get().(*Member)
	defer func() {
		*m = Member{} // keeps nothing of the body
		memberPool.Put(m)
	}()
	// A view of the body instead of a copy: whoever sends garbage should not
	// cost more memory than its body.
	r := &m.r
	r.start(unsafe.String(unsafe.SliceData(object), len(object)), len(body)-len(object))
	r.Object()
	for r.Next() {
		m.Name, m.Value = r.name, r.value()
		m.Start, m.End = r.base+r.pos-len(m.Value), r.base+r.pos
		if !yield(m) {
			break
		}
	}
	return nil
}

var memberPool = sync.Pool{New: func() any { return new(Member) }}

// AppendQuote appends text as a JSON string.
func AppendQuote(dst, text []byte) []byte {
	dst, _ = jsontext.AppendQuote(dst, text)
	return dst
}
