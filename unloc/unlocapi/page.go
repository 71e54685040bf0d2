package unlocapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"iter"
	"strings"
)

// A page is a part of the access log.
type page struct {
	list   json.RawMessage // an array, or empty
	bare   bool            // the list was all of the answer
	cursor string          // of the next page; empty: there is none
}

// maxCursor is how many bytes a cursor has at most, which becomes a part of a URL.
const maxCursor = 1 << 10

var (
	errNotJSON = errors.New("unlocapi: access log: the answer is not JSON")
	errNoList  = errors.New("unlocapi: access log: the answer has no list of events")
	errCursor  = errors.New("unlocapi: access log: startAfterId is no cursor")
)

// readPage reads an answer. The name of the list in it is not documented: it is the first
// member with an array that begins with an object, or else that is not empty.
func readPage(body []byte) (page, error) {
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	if !json.Valid(body) {
		return page{}, errNotJSON
	}
	var p page
	if p.bare = kind(body) == '['; p.bare {
		p.list = body
		return p, nil
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if begin, _ := d.Token(); begin != json.Delim('{') {
		return page{}, errNoList
	}
	only := true // nothing but a cursor and nulls: a log without events
	for d.More() {
		name, err := d.Token()
		var value json.RawMessage
		if err != nil || d.Decode(&value) != nil {
			return page{}, errNotJSON
		}
		switch {
		case strings.EqualFold(name.(string), "startAfterId"):
			if p.cursor, err = readCursor(value); err != nil {
				return page{}, err
			}
		case kind(value) == '[':
			if isEmptyArray(p.list) || !hasObject(p.list) && hasObject(value) {
				p.list = value
			}
		case kind(value) != 'n':
			only = false
		}
	}
	if p.list == nil && !only {
		return page{}, errNoList
	}
	return p, nil
}

// hasObject reports whether an array begins with an object.
func hasObject(array []byte) bool { return kind(bytes.TrimLeft(array, " \t\r\n")[1:]) == '{' }

// kind returns the first character of a JSON value: 'n' is null.
func kind(value []byte) byte {
	if value = bytes.TrimLeft(value, " \t\r\n"); len(value) == 0 {
		return 0
	}
	return value[0]
}

func isEmptyArray(list []byte) bool {
	return list == nil || kind(bytes.TrimLeft(list, " \t\r\n")[1:]) == ']'
}

// readCursor reads a cursor: a string or a number. Null is none.
func readCursor(value []byte) (string, error) {
	if kind(value) == 'n' {
		return "", nil
	}
	var n json.Number // a string too, but only of a number
	var s string
	if json.Unmarshal(value, &s) != nil {
		if json.Unmarshal(value, &n) != nil {
			return "", errCursor
		}
		s = n.String()
	}
	if len(s) > maxCursor {
		return "", errCursor
	}
	return s, nil
}

// items yields the items of the list, one after another, each in memory of its own.
func (p page) items() iter.Seq[json.RawMessage] {
	return func(yield func(json.RawMessage) bool) {
		d := json.NewDecoder(bytes.NewReader(p.list))
		_, _ = d.Token()
		for d.More() {
			var item json.RawMessage
			if d.Decode(&item) != nil || !yield(item) { // the whole answer was valid
				return
			}
		}
	}
}
