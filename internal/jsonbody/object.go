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
	// ErrRepeated is returned for an unauthenticated body with a name twice.
	ErrRepeated = errors.New("body has a member twice")
)

var bom = []byte("\ufeff")

func beginsObject(body []byte) bool {
	if len(body) > 0 && body[0] == '{' { // as nearly always
		return true
	}
	body = bytes.TrimLeft(bytes.TrimPrefix(body, bom), " \t\r\n")
	return len(body) > 0 && body[0] == '{'
}
