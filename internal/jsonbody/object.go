package jsonbody

import (
	"bytes"
	"errors"
)

// MaxDepth is how deep arrays and objects may be nested in a body.
const MaxDepth = 64

// Errors never hold a part of the body: it may be full of secrets.
var (
	// ErrNotObject is returned for a body that does not begin with an object.
	ErrNotObject = errors.New("body is not a JSON object")
	// ErrTooDeep is returned for a body nested deeper than MaxDepth.
	ErrTooDeep = errors.New("body is nested too deep")
	// ErrSyntax is returned for a body that is not JSON.
	ErrSyntax = errors.New("body is not valid JSON")
)

var bom = []byte("\ufeff")

// Object returns body without a byte order mark, or an error if it does not
// begin as an object or is nested too deep. It does not check the syntax.
func Object(body []byte) ([]byte, error) {
	body = bytes.TrimPrefix(body, bom)
	// The decoder takes a top-level null for an absent value, without an error.
	if !beginsObject(body) {
		return nil, ErrNotObject
	}
	if tooDeep(body) {
		return nil, ErrTooDeep
	}
	return body, nil
}

func beginsObject(body []byte) bool {
	for _, c := range body {
		switch c {
		case ' ', '\t', '\r', '\n':
		default:
			return c == '{'
		}
	}
	return false
}

func tooDeep(body []byte) bool {
	// Counting bytes is an order of magnitude faster than reading strings, and
	// nearly every body has fewer brackets than it may have levels.
	if bytes.Count(body, []byte("{"))+bytes.Count(body, []byte("[")) <= MaxDepth {
		return false
	}
	depth, inString := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			if depth++; depth > MaxDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}
