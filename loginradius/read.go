package loginradius

import (
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/jsonbody"
)

// How single values are read. Each of these functions reads exactly one.

// text reads a string into *s.
func text(s *string, r *jsonbody.Reader) { *s = r.String() }

// instant reads a time and keeps it in UTC, as LoginRadius sends it.
func instant(r *jsonbody.Reader) time.Time { return r.Time().UTC() }

const masked = "[redacted]" // what an encoding has for a secret

func secret(r *jsonbody.Reader) (s event.Secret) {
	switch text := r.String(); text {
	case "":
		return event.Secret{}
	case masked:
		_ = s.UnmarshalText([]byte(text))
		return s
	default:
		return event.NewSecret(text)
	}
}

// texts reads an object of strings.
func texts(r *jsonbody.Reader) map[string]string {
	if !r.Object() {
		return nil
	}
	m := make(map[string]string)
	for r.Next() {
		name := r.Name()
		m[name] = r.String()
	}
	return m
}

// maxElements is how many elements of an array are read by hand. One may be two
// bytes in the body and thousands in memory.
const maxElements = 1000

// list reads an array, each element by read.
func list[T any](r *jsonbody.Reader, read func(*T, *jsonbody.Reader)) []T {
	if !r.Array() {
		return nil
	}
	all := []T{}
	for r.More() {
		if len(all) == maxElements {
			r.Skip()
			r.Warn("fewer elements", "array")
			continue
		}
		if !jsonbody.Fits[T](r) {
			continue
		}
		var one T
		all = append(all, one)
		read(&all[len(all)-1], r)
	}
	return all
}

// nested reads any value by the tags of T.
func nested[T any](r *jsonbody.Reader) (v T) {
	if r.Kind() == "null" {
		r.Skip()
		return v
	}
	return jsonbody.Tagged[T](r) // apart, so that a null needs no memory
}
