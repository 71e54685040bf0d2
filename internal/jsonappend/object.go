package jsonappend

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An Object writes the members of a JSON object in the order of the calls. Those that are
// empty are left out, but for Always, Int and Bool. The names of members need no escaping.
// The first error is kept.
type Object struct {
	b   []byte
	err error
}

// Begin begins an object that is appended to dst.
func Begin(dst []byte) Object { return Object{b: append(dst, '{')} }

// End returns what Begin got, and the whole object after it.
func (o *Object) End() ([]byte, error) {
	if o.err != nil {
		return nil, o.err
	}
	return append(o.b, '}'), nil
}

// Fail keeps an error about a member, if it is not nil and the first.
func (o *Object) Fail(name string, err error) {
	if err != nil && o.err == nil {
		o.err = fmt.Errorf("%s: %w", name, err)
	}
}

func (o *Object) name(name string) {
	o.next()
	o.b = append(o.b, '"')
	o.b = append(o.b, name...)
	o.b = append(o.b, '"', ':')
}

// next separates what follows from what is before it.
func (o *Object) next() {
	if last := o.b[len(o.b)-1]; last != '{' && last != '[' {
		o.b = append(o.b, ',')
	}
}

// Always writes a string, also an empty one.
func (o *Object) Always(name, s string) {
	o.name(name)
	o.b = String(o.b, s)
}

// Text writes a string.
func (o *Object) Text(name, s string) {
	if s != "" {
		o.Always(name, s)
	}
}

// Joined writes one string that is made of several parts.
func (o *Object) Joined(name string, parts ...string) {
	o.name(name)
	o.b = append(o.b, '"')
	for _, part := range parts {
		o.b = Escaped(o.b, part)
	}
	o.b = append(o.b, '"')
}

// Texts writes an array of the strings that are not empty, each once.
func (o *Object) Texts(name string, all ...string) {
	o.Array(name, func() {
		for i, s := range all {
			if s != "" && !slices.Contains(all[:i], s) {
				o.next()
				o.b = String(o.b, s)
			}
		}
	})
}

// Addresses writes an array of an address that has no zone, unless it is none.
func (o *Object) Addresses(name string, a netip.Addr) {
	if a != (netip.Addr{}) {
		o.Array(name, func() {
			o.b = append(o.b, '"')
			o.b = append(a.AppendTo(o.b), '"')
		})
	}
}

// Int writes a number.
func (o *Object) Int(name string, n int64) {
	o.name(name)
	o.b = strconv.AppendInt(o.b, n, 10)
}

// Bool writes a boolean.
func (o *Object) Bool(name string, v bool) {
	o.name(name)
	o.b = strconv.AppendBool(o.b, v)
}

// Time writes a time in UTC, in the form of RFC 3339. One outside the years 0 to 9999 is
// an error.
func (o *Object) Time(name string, t time.Time) {
	t = t.UTC()
	if t.IsZero() {
		return
	}
	o.name(name)
	o.b = append(o.b, '"')
	b, err := t.AppendText(o.b)
	o.Fail(name, err)
	o.b = append(b, '"')
}

// Seconds writes d as a number of seconds, exactly: 90 s is 90, 1.5 s is 1.5.
func (o *Object) Seconds(name string, d time.Duration) {
	if d == 0 {
		return
	}
	o.name(name)
	whole, frac := d/time.Second, d%time.Second
	if d < 0 {
		o.b = append(o.b, '-')
		whole, frac = -whole, -frac
	}
	o.b = strconv.AppendInt(o.b, int64(whole), 10)
	if frac != 0 {
		digits := strconv.Itoa(int(time.Second + frac)) // nine of them after a 1
		o.b = append(o.b, '.')
		o.b = append(o.b, strings.TrimRight(digits[1:], "0")...)
	}
}

// Address writes an address.
func (o *Object) Address(name string, a netip.Addr) {
	switch {
	case a == (netip.Addr{}):
	case a.Zone() != "": // which may need escaping
		o.Always(name, a.String())
	default:
		o.name(name)
		o.b = append(o.b, '"')
		o.b = append(a.AppendTo(o.b), '"')
	}
}

// Encoded writes members that are encoded already, with commas between them.
func (o *Object) Encoded(members string) {
	o.next()
	o.b = append(o.b, members...)
}

// Object writes an object with the members that fill writes to o.
func (o *Object) Object(name string, fill func()) { o.nested(name, '{', '}', fill) }

// Array writes an array with the elements that fill writes, by calls of Element.
func (o *Object) Array(name string, fill func()) { o.nested(name, '[', ']', fill) }

func (o *Object) nested(name string, first, last byte, fill func()) {
	before := len(o.b)
	o.name(name)
	o.b = append(o.b, first)
	empty := len(o.b)
	fill()
	if len(o.b) == empty {
		o.b = o.b[:before]
		return
	}
	o.b = append(o.b, last)
}

// Element writes an object as an element of the array that is being written, with the
// members that fill writes to o.
func (o *Object) Element(fill func()) {
	o.next()
	o.b = append(o.b, '{')
	fill()
	o.b = append(o.b, '}')
}

// Value writes what [Value] appends, unless v is nil.
func (o *Object) Value(name string, v any) {
	if v == nil {
		return
	}
	o.name(name)
	b, err := Value(o.b, v)
	o.Fail(name, err)
	o.b = b
}
