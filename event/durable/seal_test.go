package durable_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
	"github.com/accesshook/accesshook/loginradius"
)

var keyA, keyB, keyC = bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32), bytes.Repeat([]byte{3}, 32)

// login sends a body with secrets through an endpoint and returns its event.
func login(t testing.TB, s event.Handler, uid string) *event.Event {
	t.Helper()
	d := newDoor(t, loginradius.Vendor, s)
	body := strings.Replace(vendors[loginradius.Vendor].bodies["login"], "u-4711", uid, 1)
	require.Equal(t, 200, d.send(t, []byte(body)).Code)
	return d.came
}

func password(t testing.TB, e *event.Event) (string, bool) {
	t.Helper()
	return e.Payload.(*loginradius.Hook).Profile.Password.Reveal()
}

func TestKeys(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		seal, open []event.Secret
		keepRaw    bool   // of who opens
		want       string // "raw", "masked" or "sealed"
	}{
		"same key":              {rawKeys(keyA), rawKeys(keyA), true, "raw"},
		"keeps no raw any more": {rawKeys(keyA), rawKeys(keyA), false, "raw"},
		"rotated":               {rawKeys(keyA), rawKeys(keyB, keyA), true, "raw"},
		"rotated twice":         {rawKeys(keyA), rawKeys(keyC, keyB, keyA), true, "raw"},
		"not yet rotated":       {rawKeys(keyB, keyA), rawKeys(keyA, keyB), true, "raw"},
		"the first seals":       {rawKeys(keyB, keyA), rawKeys(keyA), true, "sealed"},
		"no key":                {rawKeys(keyA), nil, false, "masked"},
		"another key":           {rawKeys(keyA), rawKeys(keyB), true, "sealed"},
		"other keys":            {rawKeys(keyA), rawKeys(keyB, keyC), false, "sealed"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := open(t, embedded.Config{Dir: dir, Config: durable.Config{KeepRaw: true, RawKeys: tt.seal}})
			in := login(t, s, "u-1")
			require.NoError(t, s.Close())

			s = open(t, embedded.Config{Dir: dir, Config: durable.Config{KeepRaw: tt.keepRaw, RawKeys: tt.open}})
			got := newRecorder()
			stop := run(t, s, durable.Consumer{}, got)
			if tt.want == "sealed" {
				letter := waitLetters(t, s, 1)[0]
				assert.ErrorIs(t, letter.EventError, durable.ErrSealed)
				assert.Nil(t, letter.Event)
				assert.Contains(t, letter.Error, "no key opens")
				stop()
				assert.Empty(t, got.ids())
				assert.ErrorIs(t, s.RetryDead(t.Context(), letter.Number, got), durable.ErrSealed)
				require.NoError(t, s.Close())

				// The key is back.
				s = open(t, embedded.Config{Dir: dir, Config: durable.Config{KeepRaw: true, RawKeys: tt.seal}})
				require.NoError(t, s.RetryDead(t.Context(), letter.Number, got))
				noLetters(t, s)
			} else {
				got.wait(t, 1)
				stop()
			}
			e := got.events[0]
			if tt.want == "masked" {
				assert.Nil(t, e.Raw)
				_, revealed := password(t, e)
				assert.False(t, revealed)
				assert.Empty(t, cmp.Diff(in.Payload, e.Payload, presence))
				return
			}
			assert.Empty(t, cmp.Diff(in, e, addresses))
			p, revealed := password(t, e)
			assert.True(t, revealed)
			assert.Equal(t, canary+"password", p)
		})
	}
}

// Whoever forgets the keys is told, once, and events are worked on.
func TestNoKeyIsLoggedOnce(t *testing.T) {
	t.Parallel()
	const warning = "there is no key"
	var log logBuffer
	dir := t.TempDir()
	c := embedded.Config{Dir: dir, Config: durable.Config{KeepRaw: true, RawKeys: rawKeys(keyA), Logger: log.logger()}}
	s := open(t, c)
	login(t, s, "u-1")
	login(t, s, "u-2")
	got := newRecorder()
	stop := run(t, s, durable.Consumer{Name: "siem"}, got)
	got.wait(t, 2)
	stop()
	require.NoError(t, s.Close())
	assert.NotContains(t, log.String(), warning)

	c.KeepRaw, c.RawKeys = false, nil
	s = open(t, c)
	run(t, s, durable.Consumer{}, got)
	got.wait(t, 2)
	assert.Equal(t, 1, strings.Count(log.String(), warning), log.String())
}

func TestEventsWithoutABody(t *testing.T) {
	t.Parallel()
	s := open(t, embedded.Config{Config: durable.Config{KeepRaw: true, RawKeys: rawKeys(keyA)}})
	none, raw, odd := newEvent(1), newEvent(2), newEvent(3)
	raw.Raw = []byte(`not JSON, and no payload`)
	odd.ID, odd.Raw = "not UTF-8 \xff\xfe", []byte("x")
	store(t, s, none, raw, odd)
	got := newRecorder()
	run(t, s, durable.Consumer{}, got)
	got.wait(t, 3)
	bodies := make(map[string]string)
	for _, e := range got.events {
		bodies[e.ID] = string(e.Raw)
	}
	assert.Equal(t, map[string]string{"event-1": "", "event-2": "not JSON, and no payload", "not UTF-8 \ufffd\ufffd": "x"}, bodies)
}

// A body that is put into another event does not open there.
func TestBodiesAreBoundToTheirEvent(t *testing.T) {
	t.Parallel()
	tests := map[string]func(m map[string]any){
		"id":     func(m map[string]any) { m["id"] = "another" },
		"source": func(m map[string]any) { m["data"].(map[string]any)["source"] = "south" },
		"vendor": func(m map[string]any) { m["data"].(map[string]any)["vendor"] = "other" },
		"text":   func(m map[string]any) { m[durable.RawAttribute] = "AAAA" + m[durable.RawAttribute].(string)[4:] },
		"short":  func(m map[string]any) { m[durable.RawAttribute] = "AAAA" },
		"gone":   func(m map[string]any) { delete(m, durable.RawAttribute) },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t, t.TempDir())
			p := cloudevent.Payloads{"loginradius": loginradius.Decode, "other": loginradius.Decode}
			s := connectStore(t, srv, durable.Config{Shards: 1, KeepRaw: true, RawKeys: rawKeys(keyA), Payloads: p})
			login(t, s, "u-1")
			js := newJetStream(t, connect(t, srv))
			stream, err := js.Stream(t.Context(), "accesshook-0")
			require.NoError(t, err)
			m, err := stream.GetMsg(t.Context(), 1)
			require.NoError(t, err)
			var members map[string]any
			require.NoError(t, json.Unmarshal(m.Data, &members))
			change(members)
			forged := &nats.Msg{Subject: "accesshook-in.0.loginradius.x", Header: m.Header}
			forged.Header.Del(nats.MsgIdHdr)
			forged.Data, err = json.Marshal(members)
			require.NoError(t, err)
			_, err = js.PublishMsg(t.Context(), forged)
			require.NoError(t, err)

			got := newRecorder()
			run(t, s, durable.Consumer{}, got)
			letter := waitLetters(t, s, 1)[0]
			assert.ErrorIs(t, letter.EventError, durable.ErrSealed)
			got.wait(t, 1)
			assert.Len(t, got.ids(), 1, "only the genuine one")
		})
	}
}
