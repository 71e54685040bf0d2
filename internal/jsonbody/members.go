package jsonbody

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// strict is for bodies that are not yet authenticated: no repeated names at any
// level, no broken UTF-8, so that all readers see the same thing.
var strict = json.JoinOptions(jsontext.AllowDuplicateNames(false), jsontext.AllowInvalidUTF8(false))

// A Member is one member of a body's top-level object.
type Member struct {
	Name  string
	Value string // as it is written: a string with quotes
	Start int    // of Value in the body
	End   int
	r     *Reader
}

// Text returns what a Value that is a string stands for.
func (m Member) Text() (string, bool) {
	if m.Value[0] != '"' {
		return "", false
	}
	return m.r.unquote(m.Value), true
}

// Members calls yield for each top-level member of body, which is not yet
// authenticated, until it returns false. It returns an error before any call if
// body is not a JSON object, or has repeated names at any level or broken UTF-8.
func Members(body []byte, yield func(Member) bool) error {
	r, err := newReader(body, strict)
	if err != nil {
		return err
	}
	base := len(body) - len(r.text)
	r.Object()
	for r.Next() {
		value := r.value()
		m := Member{r.name, value, base + r.pos - len(value), base + r.pos, r}
		if !yield(m) {
			break
		}
	}
	return nil
}

// Quote returns text as a JSON string.
func Quote(text string) []byte {
	quoted, _ := jsontext.AppendQuote(nil, text)
	return quoted
}
