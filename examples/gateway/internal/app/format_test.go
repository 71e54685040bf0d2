package app

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/asim"
	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
	"github.com/accesshook/accesshook/examples/gateway/internal/page"
	"github.com/accesshook/accesshook/relock"
)

// Each form has its mark in the line of an event. The page gets CloudEvents.
func TestFormats(t *testing.T) {
	for format, mark := range map[string]string{
		"":            `"specversion":"1.0"`,
		"cloudevents": `"specversion":"1.0"`,
		"ecs":         `"ecs":{"version":"9.4.0"}`,
		"ocsf":        `"class_uid":3002`,
		"cef":         "CEF:0|",
		"asim":        `"EventSchema":"Authentication"`,
		"text":        " session started ",
	} {
		var stdout gatewaytest.Buffer
		o := newOutput(&stdout, format)
		o.page = page.New(page.Config{Log: slog.New(slog.DiscardHandler)})
		e := &event.Event{Vendor: relock.Vendor, Source: relock.Vendor, ID: "1", Type: event.SessionStarted, Outcome: event.OutcomeSuccess}
		require.NoError(t, o.write(t.Context(), e), format)
		assert.Contains(t, stdout.String(), mark, format)
		assert.Equal(t, 1, strings.Count(stdout.String(), "\n"), format)
		assert.Equal(t, format == "" || format == "cloudevents", o.cloudEvents, format)
		assert.Equal(t, format != "text" && format != "cef", json.Valid([]byte(stdout.String())), format)
	}
}

// A type without a record in ASIM is counted, and the log names the first.
func TestFormatLeavesOut(t *testing.T) {
	var stdout, log gatewaytest.Buffer
	o := newOutput(&stdout, "asim")
	registry := prometheus.NewRegistry()
	o.leavesOut(registry, slog.New(slog.NewTextHandler(&log, nil)))
	seen, written := 0, 0
	o.seen = func(*event.Event) { seen++ }
	for i, typ := range event.Types() {
		e := &event.Event{Vendor: relock.Vendor, Source: relock.Vendor, ID: fmt.Sprint(i), Type: typ}
		require.NoError(t, o.write(t.Context(), e), typ)
		if asim.Has(typ) {
			written++
		}
	}
	assert.Positive(t, written)
	assert.Equal(t, written, strings.Count(stdout.String(), "\n"))
	assert.Equal(t, len(event.Types()), seen, "the page shows all")
	assert.Equal(t, 1, strings.Count(log.String(), "-format asim is for authentications alone"))
	families, err := registry.Gather()
	require.NoError(t, err)
	require.Len(t, families, 1)
	assert.EqualValues(t, len(event.Types())-written, families[0].GetMetric()[0].GetCounter().GetValue())

	// Another error is one.
	assert.Error(t, o.write(t.Context(), &event.Event{Vendor: relock.Vendor, Type: event.SessionStarted}))
}
