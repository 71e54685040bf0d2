package durable_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
)

// What is not UTF-8 in an ID is stored as U+FFFD, and the body is bound to the ID
// that is stored, or it could not be opened.
func TestRawOfAnIDThatIsNotUTF8(t *testing.T) {
	s := open(t, embedded.Config{Config: durable.Config{KeepRaw: true, RawKeys: rawKeys(make([]byte, 32))}})
	for _, id := range []string{"a\xff\xfe\xf0\x9f", "b\xc3\x28", "c\u2028\x00\n\ufffd", "\xed\xa0\x80"} {
		e := newEvent(1)
		e.ID, e.Source, e.Raw = id, "north\xff\xff", []byte("body")
		store(t, s, e)
		got := newRecorder()
		stop := run(t, s, durable.Consumer{}, got)
		got.wait(t, 1)
		stop()
		stats, err := s.Stats(t.Context())
		require.NoError(t, err)
		require.Zero(t, stats.Dead)
		assert.Equal(t, []byte("body"), got.events[0].Raw)
	}
}
