package event_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
)

func TestClone(t *testing.T) {
	e := filled()
	e.Payload = &alert{"a"}
	before := e
	c := e.Clone()
	assert.NotSame(t, &e, c)
	assert.Equal(t, e, *c)
	assert.Same(t, e.Payload, c.Payload)

	c.Raw[1], c.Warnings[0].Path, c.Reason, c.User.Name = 'X', "other", "other", "other"
	want := filled()
	want.Payload = before.Payload
	assert.Equal(t, want, e, "changes of the clone do not show")

	c = e.Clone()
	e.Raw[1], e.Warnings[0].Path = 'X', "other"
	assert.Equal(t, want.Raw, c.Raw, "changes of the original do not show")
	assert.Equal(t, want.Warnings, c.Warnings)
}

func TestCloneAppendsApart(t *testing.T) {
	e := event.Event{Warnings: make([]event.Warning, 1, 8), Raw: make([]byte, 1, 8)}
	a, b := e.Clone(), e.Clone()
	_ = append(a.Warnings, event.Warning{Path: "a"})
	_ = append(a.Raw, 'a')
	assert.Equal(t, event.Warning{}, e.Warnings[:2][1])
	assert.Equal(t, byte(0), e.Raw[:2][1])
	assert.Equal(t, b, &e)
}

func TestCloneOfNothing(t *testing.T) {
	assert.Nil(t, (*event.Event)(nil).Clone())
	c := new(event.Event).Clone()
	assert.Equal(t, &event.Event{}, c, "nil stays nil")
}

func TestContext(t *testing.T) {
	e := &event.Event{ID: "a"}
	_, ok := event.FromContext(t.Context())
	assert.False(t, ok, "none")

	got, ok := event.FromContext(event.NewContext(t.Context(), e))
	assert.True(t, ok)
	assert.Same(t, e, got)

	got, ok = event.FromContext(event.NewContext(event.NewContext(t.Context(), e), nil))
	assert.False(t, ok, "nil is none")
	assert.Nil(t, got)

	inner := &event.Event{ID: "b"}
	got, _ = event.FromContext(event.NewContext(event.NewContext(t.Context(), e), inner))
	assert.Same(t, inner, got)
}

func TestNewContextKeepsValues(t *testing.T) {
	type key struct{}
	ctx := event.NewContext(context.WithValue(t.Context(), key{}, 1), &event.Event{})
	assert.Equal(t, 1, ctx.Value(key{}))
}

func TestHandlerFunc(t *testing.T) {
	e := new(event.Event)
	var h event.Handler = event.HandlerFunc(func(ctx context.Context, got *event.Event) error {
		assert.Equal(t, t.Context(), ctx)
		assert.Same(t, e, got)
		return assert.AnError
	})
	require.ErrorIs(t, h.HandleEvent(t.Context(), e), assert.AnError)
}

func TestMaxWarnings(t *testing.T) { assert.Equal(t, 32, event.MaxWarnings) }
