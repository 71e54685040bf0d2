// Package filter selects events by vendor, type and severity, with conditions that an
// operator writes in a flag or a file:
//
//	severity>=medium
//	vendor=userlock,unloc type=session.*,authentication.failed
//	type!=account.* and severity>low
//
// An event must meet all conditions, which spaces or the word and separate. A condition
// is a field, an operator, and a value or several separated by commas:
//
//	vendor     = !=              a vendor's name
//	type       = !=              a type, a family such as session.*, or *, as for event.Mux
//	severity   = != > >= < <=    unknown, info, low, medium, high, critical, in this order
//
// With = the field must have one of the values, with != none of them. The other operators
// take one value.
package filter

import (
	"slices"
	"strings"

	"github.com/accesshook/accesshook/event"
)

// A Filter selects events. The zero Filter selects all. It is safe for concurrent use.
type Filter struct {
	conditions []condition
}

// Match reports whether f selects e.
func (f Filter) Match(e *event.Event) bool {
	for _, c := range f.conditions {
		if !c.match(e) {
			return false
		}
	}
	return true
}

// String returns the conditions in the form that [Known.Parse] reads, with one space
// between them.
func (f Filter) String() string {
	texts := make([]string, len(f.conditions))
	for i, c := range f.conditions {
		texts[i] = c.field + c.operator + strings.Join(c.values, ",")
	}
	return strings.Join(texts, " ")
}

// A condition compares one field of an event.
type condition struct {
	field, operator string
	values          []string
	severity        event.Severity // of a single value of the field severity
}

func (c *condition) match(e *event.Event) bool {
	switch c.operator {
	case "=":
		return c.equals(e)
	case "!=":
		return !c.equals(e)
	case ">":
		return e.Severity > c.severity
	case ">=":
		return e.Severity >= c.severity
	case "<":
		return e.Severity < c.severity
	default:
		return e.Severity <= c.severity
	}
}

// equals reports whether the field of e has one of the values.
func (c *condition) equals(e *event.Event) bool {
	switch c.field {
	case "vendor":
		return slices.Contains(c.values, e.Vendor)
	case "type":
		return slices.ContainsFunc(c.values, func(pattern string) bool { return matches(pattern, string(e.Type)) })
	default:
		return slices.Contains(c.values, e.Severity.String())
	}
}

// matches reports whether a type matches a pattern of event.Mux.
func matches(pattern, typ string) bool {
	if pattern == "*" {
		return true
	}
	if family, ok := strings.CutSuffix(pattern, ".*"); ok {
		return strings.HasPrefix(typ, family+".")
	}
	return typ == pattern
}
