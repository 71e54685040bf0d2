package durable_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
)

// undecodedEvent returns what an endpoint makes of a body that it cannot decode.
func undecodedEvent(body string) *event.Event {
	e := newEvent(1)
	e.ID, e.Type, e.VendorType, e.Outcome = strings.Repeat("ab", 32), event.Unknown, "", event.OutcomeUnknown
	e.User = event.User{}
	e.Raw, e.Warnings = []byte(body), []event.Warning{{Want: "object", Got: "array"}}
	return e
}

// A body that was verified and cannot be decoded comes to the callbacks if there is
// a key, whatever the decoder in Payloads says.
func TestUndecodedBodiesAreKept(t *testing.T) {
	t.Parallel()
	strict := func([]byte) (*event.Event, error) { return nil, errors.New("not an object") }
	for name, c := range map[string]durable.Config{
		"all bodies":       {KeepRaw: true, RawKeys: rawKeys(keyA)},
		"only such bodies": {RawKeys: rawKeys(keyA)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log logBuffer
			c.Payloads, c.Logger = cloudevent.Payloads{relock.Vendor: strict}, log.logger()
			s := open(t, embedded.Config{Config: c})
			in := undecodedEvent(`[{"event":"security.alert","token":"` + canary + `"}]`)
			store(t, s, in, in)
			got := newRecorder()
			stop := run(t, s, durable.Consumer{}, got)
			got.wait(t, 1)
			stop()
			assert.Empty(t, cmp.Diff([]*event.Event{in}, got.events, addresses))
			noLetters(t, s)
			assert.NotContains(t, log.String(), "level=ERROR")
		})
	}
}

// The vendor is told that its body is wrong, and the body is not lost.
func TestUndecodedBodiesOfAnEndpoint(t *testing.T) {
	t.Parallel()
	s := open(t, embedded.Config{Config: durable.Config{RawKeys: rawKeys(keyA)}})
	bodies := map[string]string{
		relock.Vendor:      `[{"event":"security.alert","data":{"userId":"u-ada"}}]`,
		loginradius.Vendor: `HookName=login&Uid=u-4711`,
		unloc.Vendor:       `NaN`,
	}
	for name, body := range bodies {
		d := newDoor(t, name, s)
		for range 2 {
			require.Equal(t, http.StatusBadRequest, d.send(t, []byte(body)).Code)
		}
	}
	got := newRecorder()
	stop := run(t, s, durable.Consumer{}, got)
	got.wait(t, len(bodies))
	stop()
	came := make(map[string]string)
	for _, e := range got.events {
		assert.Equal(t, event.Unknown, e.Type)
		assert.Nil(t, e.Payload)
		assert.NotEmpty(t, e.Warnings)
		came[e.Vendor] = string(e.Raw)
	}
	assert.Equal(t, bodies, came)
	noLetters(t, s)
}

// Without a key such a body is not written in clear, and the log says so, once for
// each event.
func TestUndecodedBodiesWithoutAKey(t *testing.T) {
	t.Parallel()
	var log logBuffer
	dir := t.TempDir()
	s := open(t, embedded.Config{Dir: dir, Config: durable.Config{Logger: log.logger()}})
	in := undecodedEvent(`[{"token":"` + canary + `"}]`)
	store(t, s, in, in)
	got := newRecorder()
	stop := run(t, s, durable.Consumer{}, got)
	got.wait(t, 1)
	stop()
	want := in.Clone()
	want.Raw = nil
	assert.Empty(t, cmp.Diff([]*event.Event{want}, got.events, addresses))
	assert.Equal(t, 1, strings.Count(log.String(), "is not kept"), log.String())
	assert.Contains(t, log.String(), "level=ERROR")
	assert.Contains(t, log.String(), "RawKeys")
	assert.Contains(t, log.String(), "bytes=26")
	assert.NotContains(t, log.String(), canary)
	require.NoError(t, s.Close())
	assertNotOnDisk(t, dir, canary)
}

// An event that has a payload loses nothing that it promised to keep, and one without
// a body has none to lose.
func TestOtherEventsWithoutAKey(t *testing.T) {
	t.Parallel()
	var log logBuffer
	s := open(t, embedded.Config{Config: durable.Config{Logger: log.logger()}})
	d := newDoor(t, relock.Vendor, s)
	for _, body := range vendors[relock.Vendor].bodies {
		d.send(t, []byte(body))
	}
	none := undecodedEvent("")
	none.Raw = nil
	store(t, s, none)
	assert.NotContains(t, log.String(), "is not kept")
}
