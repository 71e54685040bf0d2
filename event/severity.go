package event

import (
	"fmt"
	"strings"
)

// A Severity says how much an event matters. Severities are ordered: compare
// them with < and >.
type Severity int

// The zero Severity is unknown and below all others.
const (
	SeverityUnknown Severity = iota
	SeverityInfo
	SeverityLow
	SeverityMedium
	SeverityHigh
	SeverityCritical
)

var severityText = [...]string{"unknown", "info", "low", "medium", "high", "critical"}

// ParseSeverity returns the Severity that s names, in any letter case. It
// reports false for a text that is none.
func ParseSeverity(s string) (Severity, bool) {
	for i, t := range severityText {
		if strings.EqualFold(s, t) {
			return Severity(i), true
		}
	}
	return SeverityUnknown, false
}

// String returns "unknown", "info", "low", "medium", "high" or "critical".
func (s Severity) String() string {
	if s < 0 || int(s) >= len(severityText) {
		return fmt.Sprintf("Severity(%d)", int(s))
	}
	return severityText[s]
}

// MarshalText implements [encoding.TextMarshaler] with the text of String.
// A value that has no name is an error.
func (s Severity) MarshalText() ([]byte, error) {
	text, err := s.text()
	if err != nil {
		return nil, err
	}
	return []byte(text), nil
}

func (s Severity) text() (string, error) {
	if s < 0 || int(s) >= len(severityText) {
		return "", fmt.Errorf("event: no such severity: %d", int(s))
	}
	return severityText[s], nil
}

// UnmarshalText implements [encoding.TextUnmarshaler] for the texts of String,
// in any letter case.
func (s *Severity) UnmarshalText(text []byte) error {
	v, ok := ParseSeverity(string(text))
	if !ok {
		return fmt.Errorf("event: no such severity: %.32q", text)
	}
	*s = v
	return nil
}
