package durable_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event/durable"
)

// Who does not say how many shards and which order gets what the store has.
func TestLayoutIsAsStored(t *testing.T) {
	t.Parallel()
	srv := startServer(t, t.TempDir())
	js := newJetStream(t, connect(t, srv))
	for name, order := range map[string]durable.Order{"none": durable.OrderNone, "user": durable.OrderByUser, "lock": durable.OrderByLock} {
		nc := connect(t, srv)
		exists, err := durable.Exists(t.Context(), nc, name)
		require.NoError(t, err)
		assert.False(t, exists)
		connectStore(t, srv, durable.Config{Name: name, Shards: 3, Order: order, MaxBytes: 1 << 30, MaxDeadBytes: 1 << 29, DedupeWindow: time.Hour})
		exists, err = durable.Exists(t.Context(), nc, name)
		require.NoError(t, err)
		assert.True(t, exists)

		s := connectStore(t, srv, durable.Config{Name: name, Order: durable.OrderAsStored})
		want := durable.Config{
			Name: name, Shards: 3, Order: order, Replicas: 1, MaxBytes: (1 << 30) / 3 * 3, MaxDeadBytes: 1 << 29, DedupeWindow: time.Hour,
		}
		if diff := cmp.Diff(want, s.Settings()); diff != "" {
			t.Error(diff)
		}
		store(t, s, numbered(20)...)
		for _, wrong := range []durable.Config{{Shards: 4, Order: order}, {Shards: 8, Order: order}, {Shards: 3, Order: map[bool]durable.Order{true: durable.OrderNone, false: durable.OrderByLock}[order == durable.OrderByLock]}} {
			wrong.Name, wrong.Payloads = name, payloads
			_, err := durable.Connect(t.Context(), nc, wrong)
			assert.ErrorIs(t, err, durable.ErrMismatch)
		}

		// One stream is enough to tell.
		require.NoError(t, js.DeleteStream(t.Context(), name+"-dead"))
		assert.Equal(t, 3, connectStore(t, srv, durable.Config{Name: name, Order: durable.OrderAsStored}).Settings().Shards)
	}
	s := connectStore(t, srv, durable.Config{Name: "new", Order: durable.OrderAsStored})
	assert.Equal(t, durable.DefaultShards, s.Settings().Shards)
	assert.Equal(t, durable.OrderNone, s.Settings().Order)
}
