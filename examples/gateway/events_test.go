package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
)

// A disk has space for so many bytes.
type disk struct {
	strings.Builder
	space  int
	writes int
}

func (d *disk) Write(p []byte) (int, error) {
	d.writes++
	if len(p) > d.space {
		n, _ := d.Builder.Write(p[:d.space])
		d.space = 0
		return n, errors.New("no space left")
	}
	d.space -= len(p)
	return d.Builder.Write(p)
}

func TestEachEventIsOneWrite(t *testing.T) {
	d := &disk{space: 1 << 20}
	events := newEvents(d)
	for _, id := range []string{"1", "2", "3"} {
		e := &event.Event{ID: id, Vendor: "relock", Type: event.SessionEnded, Reason: "line\nbreak"}
		require.NoError(t, events.HandleEvent(t.Context(), e))
	}
	assert.Equal(t, 3, d.writes)
	assert.Equal(t, 3, strings.Count(d.String(), "\n"))
}

func TestLineAfterPartialLineIsWhole(t *testing.T) {
	e := &event.Event{ID: "1", Vendor: "relock", Type: event.SessionEnded}
	whole := new(disk)
	whole.space = 1 << 20
	require.NoError(t, newEvents(whole).HandleEvent(t.Context(), e))

	d := &disk{space: 30}
	events := newEvents(d)
	require.Error(t, events.HandleEvent(t.Context(), e))
	require.Error(t, events.HandleEvent(t.Context(), e), "still full")
	d.space = 1 << 20
	require.NoError(t, events.HandleEvent(t.Context(), e))
	require.NoError(t, events.HandleEvent(t.Context(), e))

	want := whole.String()[:30] + "\n" + whole.String() + whole.String()
	if diff := cmp.Diff(want, d.String()); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
}

func TestEventWithoutIDIsAnError(t *testing.T) {
	d := &disk{space: 1 << 20}
	require.Error(t, newEvents(d).HandleEvent(t.Context(), &event.Event{Vendor: "relock"}))
	assert.Zero(t, d.writes)
}
