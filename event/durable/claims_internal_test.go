package durable

import (
	"log/slog"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What runs tell each other is read back, as far as it is bounded.
func TestClaimsAreReadBack(t *testing.T) {
	claims := map[uint64]claim{
		1: {working: true}, 2: {rest: time.Hour}, 300: {rest: 1500 * time.Millisecond}, math.MaxUint64: {},
	}
	got := decodeClaims(encodeClaims(nil, claims))
	assert.Empty(t, cmp.Diff(claims, got, cmp.AllowUnexported(claim{})))

	many := make(map[uint64]claim)
	for seq := range uint64(100 * maxPending) {
		many[seq<<40] = claim{rest: longestPause}
	}
	data := encodeClaims(nil, many)
	assert.Less(t, len(data), maxAnswer+100)
	for seq, c := range decodeClaims(data) {
		assert.Equal(t, many[seq], c)
	}
	assert.Len(t, decodeClaims(make([]byte, 1<<20)), 1, "of one sequence, again and again")
}

func FuzzDecodeClaims(f *testing.F) {
	f.Add([]byte(nil))
	f.Add([]byte{1})
	f.Add(encodeClaims(nil, map[uint64]claim{7: {working: true}, 9: {rest: time.Second}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		claims := decodeClaims(data)
		assert.LessOrEqual(t, len(claims), maxPending+1)
		for _, c := range claims {
			assert.LessOrEqual(t, c.rest, longestPause)
			assert.GreaterOrEqual(t, c.rest, time.Duration(0))
		}
	})
}

// newAsker returns a run that others can ask, without a store.
func newAsker(t *testing.T, url string) *run {
	nc, err := nats.Connect(url)
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	s := &Store{nc: nc, names: names{"accesshook"}, c: Config{Shards: 1, Logger: slog.New(slog.DiscardHandler)}}
	return newRun(s, Consumer{Name: "default", Lease: time.Minute}, nil)
}

// What another run holds is heard, also by one that has just begun, and also after the
// other could not be heard for a while.
func TestOthersAreHeard(t *testing.T) {
	srv, err := server.NewServer(&server.Options{Port: -1, NoSigs: true})
	require.NoError(t, err)
	srv.Start()
	t.Cleanup(srv.Shutdown)
	require.True(t, srv.ReadyForConnections(time.Minute))
	other := newAsker(t, srv.ClientURL())
	d := &delivery{run: other}
	d.lease.start = time.Now()
	other.feeds[0].holds.of = map[uint64]hold{7: {by: d}}
	leave := other.meet()
	require.NoError(t, other.nc.Flush())

	r := newAsker(t, srv.ClientURL())
	other.peers.mu.Lock() // its answer comes late
	defer r.meet()()
	time.AfterFunc(askWait/2, other.peers.mu.Unlock)
	claims, ok := r.ask(t.Context(), 0, 6, 7)
	assert.True(t, ok)
	assert.Equal(t, map[uint64]claim{7: {working: true}}, claims, "r has just begun")

	leave()
	require.NoError(t, other.nc.Flush())
	claims, ok = r.ask(t.Context(), 0, 6, 7)
	assert.True(t, ok)
	assert.Empty(t, claims, "the other one is away")
	_, err = other.nc.Subscribe(other.workSubject("*"), func(m *nats.Msg) {
		time.Sleep(askWait / 4)
		other.hear(m)
	})
	require.NoError(t, err)
	require.NoError(t, other.nc.Flush())
	claims, ok = r.ask(t.Context(), 0, 6, 7)
	assert.True(t, ok)
	assert.Equal(t, map[uint64]claim{7: {working: true}}, claims, "and is back")
}
