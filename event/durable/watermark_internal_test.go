package durable

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/accesshook/accesshook/event/durable/internal/watermark"
)

// The new leader of a replicated stream may not have all events yet: a loss is one that
// lasts while nothing comes, or that other events have taken the place of.
func TestMayPass(t *testing.T) {
	created := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	mark := watermark.Shard{Created: created, Last: 100}
	look := func(replicas int, last, kept uint64, deleted ...watermark.Span) finding {
		f := finding{State: watermark.State{Created: created, First: 1, Last: last, Kept: kept, Deleted: deleted}, replicas: replicas}
		_, f.after = mark.Compare(f.State)
		return f
	}
	synctest.Test(t, func(t *testing.T) {
		var d doubt
		assert.False(t, look(1, 90, 90).mayPass(mark, &d), "one server has no newer events")
		assert.False(t, look(3, 150, 80).mayPass(mark, &d), "others are in their place")
		assert.False(t, look(3, 100, 100).mayPass(mark, &d), "nothing is missing")

		assert.True(t, look(3, 90, 90).mayPass(mark, &d))
		time.Sleep(confirmAfter - 1)
		assert.True(t, look(3, 95, 95).mayPass(mark, &d), "it is catching up")
		time.Sleep(confirmAfter - 1)
		assert.True(t, look(3, 95, 95).mayPass(mark, &d))
		time.Sleep(time.Nanosecond)
		assert.False(t, look(3, 95, 95).mayPass(mark, &d), "it lasts")

		d = doubt{}
		assert.True(t, look(3, 90, 90).mayPass(mark, &d))
		assert.False(t, look(3, 100, 100).mayPass(mark, &d), "it has caught up")
		assert.Zero(t, d)

		assert.True(t, look(3, 100, 100, watermark.Span{5, 5}).mayPass(mark, &d))
		time.Sleep(confirmAfter)
		assert.False(t, look(3, 120, 120, watermark.Span{5, 5}).mayPass(mark, &d), "a hole does not fill up")
	})
}
