package event

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/accesshook/accesshook/internal/jsonappend"
)

// A dataWriter writes the members of a JSON object in the order of the calls.
// Those that are empty are left out, but for text and textOf. The first error
// is kept.
type dataWriter struct {
	b   []byte
	err error
}

// end returns the whole object.
func (w *dataWriter) end() ([]byte, error) {
	if w.err != nil {
		return nil, w.err
	}
	return append(w.b, '}'), nil
}

// name writes the name of the next member. It needs no escaping.
func (w *dataWriter) name(name string) {
	if w.b[len(w.b)-1] != '{' {
		w.b = append(w.b, ',')
	}
	w.b = append(w.b, '"')
	w.b = append(w.b, name...)
	w.b = append(w.b, '"', ':')
}

func (w *dataWriter) text(name, s string) {
	w.name(name)
	w.b = jsonappend.String(w.b, s)
}

func (w *dataWriter) textIfAny(name, s string) {
	if s != "" {
		w.text(name, s)
	}
}

// textOf writes what text returns.
func (w *dataWriter) textOf(name string, text func() (string, error)) {
	s, err := text()
	w.fail(name, err)
	w.text(name, s)
}

func (w *dataWriter) time(name string, t time.Time) {
	t = t.UTC()
	if t.IsZero() {
		return
	}
	w.name(name)
	w.b = append(w.b, '"')
	b, err := t.AppendText(w.b)
	w.fail(name, err)
	w.b = append(b, '"')
}

// duration writes d as a number of seconds, exactly: 90 s is 90, 1.5 s is 1.5.
func (w *dataWriter) duration(name string, d time.Duration) {
	if d == 0 {
		return
	}
	w.name(name)
	whole, frac := d/time.Second, d%time.Second
	if d < 0 {
		w.b = append(w.b, '-')
		whole, frac = -whole, -frac
	}
	w.b = strconv.AppendInt(w.b, int64(whole), 10)
	if frac != 0 {
		digits := strconv.Itoa(int(time.Second + frac)) // nine of them after a 1
		w.b = append(w.b, '.')
		w.b = append(w.b, strings.TrimRight(digits[1:], "0")...)
	}
}

func (w *dataWriter) address(name string, a netip.Addr) {
	switch {
	case a == (netip.Addr{}):
	case a.Zone() != "": // which may need escaping
		w.text(name, a.String())
	default:
		w.name(name)
		w.b = append(w.b, '"')
		w.b = append(a.AppendTo(w.b), '"')
	}
}

// object writes an object with the members that fill writes, if there are any.
func (w *dataWriter) object(name string, fill func()) {
	before := len(w.b)
	w.name(name)
	w.b = append(w.b, '{')
	empty := len(w.b)
	fill()
	if len(w.b) == empty {
		w.b = w.b[:before]
		return
	}
	w.b = append(w.b, '}')
}

func (w *dataWriter) value(name string, v any) {
	if v == nil {
		return
	}
	w.name(name)
	b, err := jsonappend.Value(w.b, v)
	w.fail(name, err)
	w.b = b
}

func (w *dataWriter) warnings(name string, all []Warning) {
	if len(all) > 0 {
		w.value(name, all)
	}
}

func (w *dataWriter) fail(name string, err error) {
	if err != nil && w.err == nil {
		w.err = fmt.Errorf("event: %s: %w", name, err)
	}
}
