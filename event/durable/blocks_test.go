package durable_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
	"github.com/accesshook/accesshook/event/durable/internal/blocks"
	"github.com/accesshook/accesshook/event/durable/internal/watermark"
)

// What the files say is what the server says, also after purges and deletions.
func TestFilesAsTheServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for round := range 8 {
		s := open(t, embedded.Config{Dir: dir, Config: durable.Config{Shards: 1}})
		js := s.JetStream()
		stream, err := js.Stream(t.Context(), "accesshook-0")
		require.NoError(t, err)
		for n := range 1 + rand.IntN(60) {
			e := newEvent(round*100 + n)
			e.Reason = fmt.Sprintf("%0*d", 1+rand.IntN(100_000), n)
			store(t, s, e)
		}
		state := stream.CachedInfo().State
		for range rand.IntN(5) {
			_ = stream.DeleteMsg(t.Context(), state.FirstSeq+rand.Uint64N(60)) // it may be gone
		}
		info, err := stream.Info(t.Context())
		require.NoError(t, err)
		switch at := info.State.FirstSeq + rand.Uint64N(40); round % 4 {
		case 1, 3:
			require.NoError(t, stream.Purge(t.Context(), jetstream.WithPurgeSequence(min(at, info.State.LastSeq))))
		case 2:
			require.NoError(t, stream.Purge(t.Context()))
		}
		info, err = stream.Info(t.Context(), jetstream.WithDeletedDetails(true))
		require.NoError(t, err)
		if info.State.Msgs == 0 { // now and then the server has the beginning of before the purge
			info.State.FirstSeq, info.State.Deleted = info.State.LastSeq+1, nil
		}
		require.NoError(t, s.Close())

		var last uint64
		files, err := blocks.Read(dir, "accesshook-0", func(m blocks.Message) { last = m.Sequence })
		require.NoError(t, err)
		want := watermark.State{
			Created: info.Created, First: info.State.FirstSeq, Last: info.State.LastSeq, LastTime: info.State.LastTime,
			Deleted: watermark.Spans(info.State.Deleted), Kept: info.State.LastSeq,
		}
		ignored := cmpopts.IgnoreFields(watermark.State{}, "FirstTime", "LastTime")
		assert.Empty(t, cmp.Diff(want, files.State, ignored, cmpopts.EquateEmpty()), "round %d", round)
		assert.Equal(t, info.State.Msgs, files.Events)
		assert.LessOrEqual(t, last, files.Last)
		for _, f := range files.Files {
			assert.Empty(t, f.Damaged)
		}
	}
}
