// Package jsonedit changes single values of a JSON text, and leaves every other byte of it
// as it is: the order of fields, white space, and how numbers and strings are written.
package jsonedit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// An Edit sets one value.
type Edit struct {
	path  []string
	value []byte // JSON
}

// Parse parses path=text or path:=JSON, such as data.userId=alice or data.attempts:=5.
// What follows = is a string, whatever it looks like.
//
// A path consists of names of fields and of indexes of arrays, from 0, with dots between
// them. A backslash before a dot, a colon, an equals sign or a backslash makes it a part
// of a name.
func Parse(text string) (Edit, error) {
	var path []string
	var name strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text) && strings.IndexByte(`.:=\`, text[i+1]) >= 0:
			i++
			name.WriteByte(text[i])
		case c == '.':
			path = append(path, name.String())
			name.Reset()
		case c == '=':
			return edit(append(path, name.String()), encode(text[i+1:]))
		case strings.HasPrefix(text[i:], ":="):
			if !json.Valid([]byte(text[i+2:])) {
				return Edit{}, fmt.Errorf("what follows := in %q is not JSON; for a string use =", text)
			}
			return edit(append(path, name.String()), []byte(strings.TrimSpace(text[i+2:])))
		default:
			name.WriteByte(c)
		}
	}
	return Edit{}, fmt.Errorf("%q is neither path=text nor path:=JSON", text)
}

// String returns an edit that sets the string value at path, which is as for [Parse].
func String(path, value string) Edit {
	return Edit{strings.Split(path, "."), encode(value)}
}

func edit(path []string, value []byte) (Edit, error) {
	for _, name := range path {
		if name == "" {
			return Edit{}, errors.New("a name in the path is empty")
		}
	}
	return Edit{path, value}, nil
}

func encode(text string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // never fails for a string
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// Apply returns body with the value set. Fields that are missing or null on the way to it
// are created: an array for the index 0, else an object. The index after the last appends.
//
// A name is that of the field in any letter case, since receivers often read it so; the
// field of exactly that name is preferred.
func (e Edit) Apply(body []byte) ([]byte, error) {
	if !json.Valid(body) {
		return nil, errors.New("the body is not JSON")
	}
	return e.set(body, 0)
}

// Replace is Apply if there is a value at the path already. Otherwise it returns false.
func (e Edit) Replace(body []byte) ([]byte, bool) {
	value := body
	for _, name := range e.path {
		p, err := find(value, name)
		if err != nil || p.start == p.end {
			return nil, false
		}
		value = value[p.start:p.end]
	}
	body, err := e.Apply(body)
	return body, err == nil
}

// set sets the value in a JSON value that is depth names below the whole.
func (e Edit) set(value []byte, depth int) ([]byte, error) {
	if depth == len(e.path) {
		return e.value, nil
	}
	if string(bytes.TrimSpace(value)) == "null" {
		return e.create(depth)
	}
	p, err := find(value, e.path[depth])
	if err != nil {
		return nil, fmt.Errorf("%s %w", e.name(depth), err)
	}
	var inner []byte
	if p.start < p.end {
		inner, err = e.set(value[p.start:p.end], depth+1)
	} else if inner, err = e.create(depth + 1); err == nil {
		inner = append([]byte(p.before), inner...)
	}
	if err != nil {
		return nil, err
	}
	return bytes.Join([][]byte{value[:p.start], inner, value[p.end:]}, nil), nil
}

// create returns a value that has nothing but what is to be set.
func (e Edit) create(depth int) ([]byte, error) {
	if depth == len(e.path) {
		return e.value, nil
	}
	inner, err := e.create(depth + 1)
	switch _, number := index(e.path[depth]); {
	case err != nil:
		return nil, err
	case e.path[depth] == "0":
		return fmt.Appendf(nil, "[%s]", inner), nil
	case number:
		return nil, fmt.Errorf("%s has no elements, and %s is not 0", e.name(depth), e.path[depth])
	default:
		return fmt.Appendf(nil, "{%s:%s}", encode(e.path[depth]), inner), nil
	}
}

// name returns what to call the value at a depth.
func (e Edit) name(depth int) string {
	if depth == 0 {
		return "the body"
	}
	return strings.Join(e.path[:depth], ".")
}

// A place is where a value is in an object or an array. If it is missing, start and end
// are where it can be inserted, after before.
type place struct {
	start, end int
	before     string
}

// find returns the place of a field or an element.
func find(value []byte, name string) (p place, err error) {
	d := json.NewDecoder(bytes.NewReader(value))
	d.UseNumber() // of any size
	token, err := d.Token()
	if err != nil {
		return p, err
	}
	open, _ := token.(json.Delim)
	wanted, isIndex := index(name)
	switch {
	case open != '{' && open != '[':
		return p, errors.New("is neither an object nor an array")
	case open == '[' && !isIndex:
		return p, fmt.Errorf("is an array, and %s is not an index", name)
	}
	end, n, found, exact := int(d.InputOffset()), 0, false, false
	for ; d.More(); n++ {
		key := ""
		if open == '{' {
			token, _ := d.Token()
			key, _ = token.(string)
		}
		var element json.RawMessage
		if err := d.Decode(&element); err != nil {
			return p, err
		}
		end = int(d.InputOffset())
		if open == '[' && n == wanted || open == '{' && (key == name || !exact && strings.EqualFold(key, name)) {
			p, found, exact = place{start: end - len(element), end: end}, true, key == name
		}
	}
	switch {
	case found:
		return p, nil
	case open == '[' && wanted > n:
		return p, fmt.Errorf("has %d elements, and %d is not the next", n, wanted)
	}
	p = place{start: end, end: end}
	if n > 0 {
		p.before = ","
	}
	if open == '{' {
		p.before += string(encode(name)) + ":"
	}
	return p, nil
}

// index reports whether a name is that of an element.
func index(name string) (n int, ok bool) {
	n, err := strconv.Atoi(name)
	return n, err == nil && strconv.Itoa(n) == name && n >= 0
}
