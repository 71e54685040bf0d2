package durable_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io/fs"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
	"github.com/accesshook/accesshook/userlock"
)

// bodiesOf returns the bodies of a vendor, and others made of them at random.
func bodiesOf(t testing.TB, v vendor, n int) map[string][]byte {
	t.Helper()
	const seed = 20240514
	r := rand.New(rand.NewPCG(seed, seed))
	all := make(map[string][]byte)
	names := slices.Sorted(maps.Keys(v.bodies))
	for _, name := range names {
		all[name] = []byte(v.bodies[name])
	}
	for i := range n {
		body := random(t, r, v.bodies[names[i%len(names)]])
		all[string(body)] = body
	}
	return all
}

// What an endpoint answered 200 comes out of the store as it went in.
func TestWhatWasAnsweredComesOut(t *testing.T) {
	t.Parallel()
	key := bytes.Repeat([]byte{7}, 32)
	for name, v := range vendors {
		for kind, c := range map[string]durable.Config{
			"masked":   {},
			"with raw": {KeepRaw: true, RawKeys: rawKeys(key)},
		} {
			t.Run(name+" "+kind, func(t *testing.T) {
				t.Parallel()
				s := open(t, embedded.Config{Config: c})
				d := newDoor(t, name, s)
				want := make(map[string]*event.Event)
				for name, body := range bodiesOf(t, v, 100) {
					d.came = nil
					w := d.send(t, body)
					require.Equal(t, http.StatusOK, w.Code, "%s: %s", name, body)
					require.NotNil(t, d.came)
					if want[d.came.ID] == nil { // else a duplicate, as one ID makes it
						want[d.came.ID] = d.came
					}
				}
				got := newRecorder()
				run(t, s, durable.Consumer{}, got)
				got.wait(t, len(want))
				for _, e := range got.events {
					in := want[e.ID]
					require.NotNil(t, in, "an event that was not sent")
					options := cmp.Options{addresses}
					expected := in.Clone()
					if !c.KeepRaw {
						options = append(options, presence)
						expected.Raw = nil
					}
					if diff := cmp.Diff(expected, e, options); diff != "" {
						t.Errorf("%s\n%s", in.Raw, diff)
					}
					assert.Equal(t, "north", e.Source)
					assert.NotEmpty(t, e.Credential)
					assert.False(t, e.Received.IsZero())
				}
				noLetters(t, s)
			})
		}
	}
}

func noLetters(t testing.TB, s durableStore) {
	t.Helper()
	letters, err := s.DeadLetters(t.Context(), 0, 10)
	require.NoError(t, err)
	assert.Empty(t, letters)
}

// With aliases, another time zone or an ID under an odd name, the decoder in
// Payloads reads a body otherwise than the endpoint did.
func TestRawGivesThePayloadOfTheEndpoint(t *testing.T) {
	t.Parallel()
	oslo := time.FixedZone("", 2*60*60)
	s := open(t, embedded.Config{Config: durable.Config{KeepRaw: true, RawKeys: rawKeys(make([]byte, 32))}})
	hook, err := userlock.New(userlock.Config{
		IDs: event.Secrets(userLockID), Aliases: map[string]string{"Benutzer": "UserAccount"}, Location: oslo,
	})
	require.NoError(t, err)
	body := []byte(`{"X":"` + userLockID + `","EventType":1,"EventTime":"2024-05-14T08:31:07","Benutzer":"ada"}`)
	r, err := userlock.NewRequest(t.Context(), someURL, userLockID, body)
	require.NoError(t, err)
	in, err := hook.Check(r, body)
	require.NoError(t, err)
	store(t, s, in)
	got := newRecorder()
	run(t, s, durable.Consumer{}, got)
	got.wait(t, 1)
	n := got.events[0].Payload.(*userlock.Notification)
	assert.Equal(t, "ada", n.UserAccount)
	assert.True(t, n.EventTime.Equal(time.Date(2024, 5, 14, 6, 31, 7, 0, time.UTC)), n.EventTime)
	assert.Empty(t, cmp.Diff(in, got.events[0], addresses))
	line, err := cloudevent.Encode(got.events[0])
	require.NoError(t, err)
	assert.NotContains(t, string(line), userLockID)
}

// Any NATS client can read what is stored, and it is nobody's secret.
func TestPlainClientReadsCloudEvents(t *testing.T) {
	t.Parallel()
	for kind, keepRaw := range map[string]bool{"masked": false, "with raw": true} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			srv := startServer(t, t.TempDir())
			s := connectStore(t, srv, durable.Config{KeepRaw: keepRaw, RawKeys: rawKeys(make([]byte, 32)), Shards: 1, Name: "shop"})
			d := newDoor(t, "relock", s)
			require.Equal(t, http.StatusOK, d.send(t, []byte(vendors["relock"].bodies["login"])).Code)

			js, err := connect(t, srv).JetStream()
			require.NoError(t, err)
			sub, err := js.SubscribeSync("shop.relock.authentication.succeeded", nats.BindStream("shop-0"), nats.DeliverAll())
			require.NoError(t, err)
			m, err := sub.NextMsg(patience)
			require.NoError(t, err)
			assert.Equal(t, "shop.relock.authentication.succeeded", m.Subject)
			h := m.Header
			for _, internal := range []string{"Nats-Msg-Id"} {
				assert.NotEmpty(t, h.Get(internal))
				h.Del(internal)
			}
			want := nats.Header{
				"Accesshook-Schema": {"1"}, "Accesshook-Credential": {"secret%201"}, "Content-Type": {"application/cloudevents+json"},
			}
			if keepRaw {
				want["Accesshook-Raw"] = []string{"sealed"}
			}
			assert.Equal(t, want, h)
			var got map[string]any
			require.NoError(t, json.Unmarshal(m.Data, &got))
			sealed, _ := got[durable.RawAttribute].(string)
			assert.Equal(t, keepRaw, sealed != "")
			delete(got, durable.RawAttribute)
			line, err := cloudevent.Encode(d.came)
			require.NoError(t, err)
			var plain map[string]any
			require.NoError(t, json.Unmarshal(line, &plain))
			assert.Equal(t, plain, got, "beside the body it is what package cloudevent writes")
		})
	}
}

func TestNoSecretIsOnTheDisk(t *testing.T) {
	t.Parallel()
	for kind, keepRaw := range map[string]bool{"masked": false, "with raw": true} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			key := []byte("thirty-two bytes of a secret key")
			s := open(t, embedded.Config{Dir: dir, Config: durable.Config{KeepRaw: keepRaw, RawKeys: rawKeys(key)}})
			secrets := []string{canary, userLockID, secret, string(key)}
			for name, v := range vendors {
				d := newDoor(t, name, s)
				for _, body := range v.bodies {
					body = "{ \t" + body[1:] // so that no payload is encoded like it
					require.Equal(t, http.StatusOK, d.send(t, []byte(body)).Code)
					if len(body) >= 20 {
						secrets = append(secrets, body[:20])
					}
				}
			}
			// Failed ones as well: the journal and the dead letters are files, too.
			stop := run(t, s, durable.Consumer{MaxAttempts: 2, Delay: 1, Workers: 4}, failing)
			eventually(t, "dead letters", func() bool {
				stats, err := s.Stats(t.Context())
				require.NoError(t, err)
				return stats.Dead == stats.Events
			})
			stop()
			require.NoError(t, s.Close())

			assertNotOnDisk(t, dir, secrets...)
		})
	}
}

// assertNotOnDisk asserts that no file of a store that has events of Relock holds one
// of secrets, in clear or in base64.
func assertNotOnDisk(t *testing.T, dir string, secrets ...string) {
	t.Helper()
	seen := 0
	require.NoError(t, filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		if bytes.Contains(b, []byte("accesshook/relock")) {
			seen++
		}
		for _, secret := range secrets {
			for _, text := range append(inBase64(secret), secret) {
				if bytes.Contains(b, []byte(text)) {
					t.Errorf("%s has %.40s as %s", name, secret, text)
				}
			}
		}
		return nil
	}))
	assert.NotZero(t, seen, "the search sees no events")
}

// inBase64 returns what must be in a text that has s somewhere, encoded: at three
// places of a group it may begin.
func inBase64(s string) (coded []string) {
	for before := range 3 {
		c := base64.StdEncoding.EncodeToString([]byte("\x00\x00"[:before] + s))
		coded = append(coded, c[4:len(c)-4])
	}
	return coded
}
