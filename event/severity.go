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

// severityWords are other words for a Severity, in lower case and without what
// [foldWord] leaves out.
var severityWords = map[string]Severity{
	"information": SeverityInfo, "informational": SeverityInfo, "notice": SeverityInfo, "debug": SeverityInfo, "verylow": SeverityInfo,

	"minor": SeverityLow,

	"moderate": SeverityMedium, "elevated": SeverityMedium, "warning": SeverityMedium, "warn": SeverityMedium,

	"major": SeverityHigh, "severe": SeverityHigh, "serious": SeverityHigh, "error": SeverityHigh, "err": SeverityHigh,

	"crit": SeverityCritical, "veryhigh": SeverityCritical, "urgent": SeverityCritical, "fatal": SeverityCritical,
	"alert": SeverityCritical, "emergency": SeverityCritical, "emerg": SeverityCritical, "panic": SeverityCritical,
}

// ParseSeverity returns the Severity that s names: one of the strings of String,
// or another usual word, those of syslog (RFC 5424) among them. Letter case,
// spaces, hyphens and underscores do not matter.
//
//	info       information, informational, notice, debug, very low
//	low        minor
//	medium     moderate, elevated, warning, warn
//	high       major, severe, serious, error, err
//	critical   crit, very high, urgent, fatal, alert, emergency, emerg, panic
//
// It reports false, and SeverityUnknown, for any other string.
func ParseSeverity(s string) (Severity, bool) {
	s = foldWord(s)
	for i, text := range severityText {
		if s == text {
			return Severity(i), true
		}
	}
	severity, ok := severityWords[s]
	return severity, ok
}

// foldWord returns s without spaces around it, in lower case, and without spaces,
// hyphens and underscores.
func foldWord(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ' || r == '-' || r == '_':
			return -1
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		}
		return r
	}, strings.TrimSpace(s))
}

// String returns "unknown", "info", "low", "medium", "high" or "critical".
func (s Severity) String() string {
	if s < 0 || int(s) >= len(severityText) {
		return fmt.Sprintf("Severity(%d)", int(s))
	}
	return severityText[s]
}

// MarshalText implements [encoding.TextMarshaler] with String.
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

// UnmarshalText implements [encoding.TextUnmarshaler] for what [ParseSeverity]
// knows.
func (s *Severity) UnmarshalText(text []byte) error {
	v, ok := ParseSeverity(string(text))
	if !ok {
		return fmt.Errorf("event: no such severity: %.32q", text)
	}
	*s = v
	return nil
}
