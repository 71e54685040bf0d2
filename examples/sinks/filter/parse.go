package filter

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/accesshook/accesshook/event"
)

// Known is what conditions may name. A name that no event has would select nothing, or
// with != everything, in silence.
type Known struct {
	Vendors []string     // nil: any
	Types   []event.Type // nil: those of package event
}

const (
	maxLength = 4 << 10 // of a text, in bytes
	example   = "severity>=medium"
)

var (
	// around matches an operator or a comma with the white space around it.
	around = regexp.MustCompile(`\s*(!=|>=|<=|=|>|<|,)\s*`)
	// comparison matches a condition: a field, an operator and values.
	comparison = regexp.MustCompile(`^([^!<>=,]+)(!=|>=|<=|=|>|<)(.*)$`)
)

var severities = []string{"unknown", "info", "low", "medium", "high", "critical"}

// Parse returns the filter that text describes. The error says what is wrong, and what
// would be right.
func (k Known) Parse(text string) (Filter, error) {
	if len(text) > maxLength {
		return Filter{}, fmt.Errorf("the filter has more than %d bytes", maxLength)
	}
	words := strings.Fields(around.ReplaceAllString(text, "$1"))
	if len(words) == 0 {
		return Filter{}, fmt.Errorf("the filter is empty: write such as %s", example)
	}
	var f Filter
	for i, word := range words {
		if word == "and" && i > 0 && i < len(words)-1 && words[i-1] != "and" {
			continue
		}
		c, err := k.condition(word)
		if err != nil {
			return Filter{}, err
		}
		again := func(other condition) bool { return other.field == c.field && other.operator == c.operator }
		if slices.ContainsFunc(f.conditions, again) {
			return Filter{}, fmt.Errorf("%s%s is there twice: separate its values by commas", c.field, c.operator)
		}
		f.conditions = append(f.conditions, c)
	}
	return f, nil
}

// condition returns the condition that a word describes.
func (k Known) condition(word string) (c condition, err error) {
	parts := comparison.FindStringSubmatch(word)
	if parts == nil {
		return c, fmt.Errorf("%q is no condition: write such as %s", word, example)
	}
	c = condition{field: parts[1], operator: parts[2], values: strings.Split(parts[3], ",")}
	check, ordered := k.vendor, false
	switch c.field {
	case "vendor":
	case "type":
		check = k.pattern
	case "severity":
		check, ordered = severity, true
	default:
		return c, fmt.Errorf("%q is not known: want vendor, type or severity", c.field)
	}
	equality := c.operator == "=" || c.operator == "!="
	switch {
	case !equality && !ordered:
		return c, fmt.Errorf("%s has no order: want %[1]s= or %[1]s!=", c.field)
	case !equality && len(c.values) > 1:
		return c, fmt.Errorf("%s%s takes one value", c.field, c.operator)
	}
	for _, value := range c.values {
		if value == "" {
			return c, fmt.Errorf("%s%s: a value is missing", c.field, c.operator)
		}
		if err := check(value); err != nil {
			return c, err
		}
	}
	if ordered {
		c.severity = event.Severity(slices.Index(severities, c.values[0]))
	}
	return c, nil
}

func severity(name string) error {
	if slices.Contains(severities, name) {
		return nil
	}
	return fmt.Errorf("severity %q is not known: want %s", name, choice(severities))
}

func (k Known) vendor(name string) error {
	if k.Vendors == nil || slices.Contains(k.Vendors, name) {
		return nil
	}
	return fmt.Errorf("vendor %q is not known: want %s", name, choice(k.Vendors))
}

// pattern checks that a known type matches a pattern.
func (k Known) pattern(pattern string) error {
	types := k.Types
	if types == nil {
		types = event.Types()
	}
	if slices.ContainsFunc(types, func(t event.Type) bool { return matches(pattern, string(t)) }) {
		return nil
	}
	// Its family and the types of it, or else the families.
	var same, families []string
	family, _, _ := strings.Cut(pattern, ".")
	for _, t := range types {
		first, _, dotted := strings.Cut(string(t), ".")
		if dotted {
			first += ".*"
		}
		if !slices.Contains(families, first) {
			families = append(families, first)
		}
		if first == family+".*" {
			same = append(same, first, string(t))
		}
	}
	if same == nil {
		same = families
	}
	slices.Sort(same)
	same = slices.Compact(same)
	return fmt.Errorf("type %q is not known: want %s", pattern, choice(same))
}

// choice returns such as "a, b or c".
func choice(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
