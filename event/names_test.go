package event_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
)

var (
	outcomes = map[event.Outcome]string{
		event.OutcomeUnknown: "unknown", event.OutcomeSuccess: "success", event.OutcomeFailure: "failure",
	}
	severities = map[event.Severity]string{
		event.SeverityUnknown: "unknown", event.SeverityInfo: "info", event.SeverityLow: "low",
		event.SeverityMedium: "medium", event.SeverityHigh: "high", event.SeverityCritical: "critical",
	}
)

func TestOutcomeNames(t *testing.T) {
	assert.Zero(t, event.OutcomeUnknown)
	assert.Len(t, outcomes, 3, "all differ")
	for o, name := range outcomes {
		assert.Equal(t, name, o.String())
		assert.Equal(t, `"`+name+`"`, string(encode(t, o)))
		got := event.Outcome(99)
		require.NoError(t, json.Unmarshal([]byte(`"`+name+`"`), &got))
		assert.Equal(t, o, got)
	}
}

func TestOutcomeWithoutName(t *testing.T) {
	for o, name := range map[event.Outcome]string{-1: "Outcome(-1)", 3: "Outcome(3)", 1 << 40: "Outcome(1099511627776)"} {
		assert.Equal(t, name, o.String())
		_, err := o.MarshalText()
		assert.Error(t, err)
	}
	for _, text := range []string{"", "Success", "SUCCESS", "success ", "1", "Outcome(3)"} {
		o := event.OutcomeFailure
		require.Error(t, o.UnmarshalText([]byte(text)), text)
		assert.Equal(t, event.OutcomeFailure, o)
	}
}

func TestSeverityNames(t *testing.T) {
	assert.Zero(t, event.SeverityUnknown)
	assert.Len(t, severities, 6, "all differ")
	for s, name := range severities {
		assert.Equal(t, name, s.String())
		assert.Equal(t, `"`+name+`"`, string(encode(t, s)))
		for _, text := range []string{name, strings.ToUpper(name), strings.ToUpper(name[:1]) + name[1:]} {
			got := event.Severity(99)
			require.NoError(t, got.UnmarshalText([]byte(text)))
			assert.Equal(t, s, got)
			got, ok := event.ParseSeverity(text)
			assert.True(t, ok)
			assert.Equal(t, s, got)
		}
	}
}

func TestSeverityOrder(t *testing.T) {
	order := []event.Severity{
		event.SeverityUnknown, event.SeverityInfo, event.SeverityLow, event.SeverityMedium, event.SeverityHigh, event.SeverityCritical,
	}
	assert.IsIncreasing(t, order)
}

func TestSeverityWithoutName(t *testing.T) {
	for s, name := range map[event.Severity]string{-1: "Severity(-1)", 6: "Severity(6)"} {
		assert.Equal(t, name, s.String())
		_, err := s.MarshalText()
		assert.Error(t, err)
	}
	for _, text := range []string{"", " ", "-", "3", "Severity(6)", "highest", "not high", "high!", "hıgh", "not\thigh", "high\x00"} {
		s := event.SeverityHigh
		require.Error(t, s.UnmarshalText([]byte(text)), text)
		assert.Equal(t, event.SeverityHigh, s)
		got, ok := event.ParseSeverity(text)
		assert.False(t, ok)
		assert.Equal(t, event.SeverityUnknown, got)
	}
}

func TestSeverityWords(t *testing.T) {
	for word, want := range map[string]event.Severity{
		"information": event.SeverityInfo, "informational": event.SeverityInfo, "Notice": event.SeverityInfo, "debug": event.SeverityInfo,
		"minor": event.SeverityLow, "very low": event.SeverityInfo,
		"moderate": event.SeverityMedium, "elevated": event.SeverityMedium, "warning": event.SeverityMedium, "WARN": event.SeverityMedium,
		"major": event.SeverityHigh, "severe": event.SeverityHigh, "serious": event.SeverityHigh, "error": event.SeverityHigh, "err": event.SeverityHigh,
		"crit": event.SeverityCritical, "urgent": event.SeverityCritical, "fatal": event.SeverityCritical, "alert": event.SeverityCritical,
		"emergency": event.SeverityCritical, "emerg": event.SeverityCritical, "panic": event.SeverityCritical,
		"very high": event.SeverityCritical, "very_high": event.SeverityCritical, "Very-High": event.SeverityCritical, "VeryHigh": event.SeverityCritical,
		" high\r\n": event.SeverityHigh, "high ": event.SeverityHigh, "\tHigh": event.SeverityHigh, " Unknown ": event.SeverityUnknown,
	} {
		got, ok := event.ParseSeverity(word)
		assert.True(t, ok, word)
		assert.Equal(t, want, got, word)
		got = event.Severity(99)
		require.NoError(t, got.UnmarshalText([]byte(word)))
		assert.Equal(t, want, got, word)
	}
}

func TestErrorsOfNamesAreShort(t *testing.T) {
	long := []byte(strings.Repeat("x", 10_000))
	assert.Less(t, len(new(event.Outcome).UnmarshalText(long).Error()), 100)
	assert.Less(t, len(new(event.Severity).UnmarshalText(long).Error()), 100)
}
