package loginradius_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/loginradius"
)

// What Data is taken for, where the event's name does not say.
func TestShapesOfUnknownEvents(t *testing.T) {
	hook := func(body string) (*event.Event, *loginradius.Hook) {
		e, err := loginradius.Decode([]byte(body))
		require.NoError(t, err)
		return e, e.Payload.(*loginradius.Hook)
	}
	_, h := hook(`{"HookName":"new","Data":{"UserProfile":{"Uid":"u-1"}}}`)
	require.NotNil(t, h.Profile)
	assert.Equal(t, "u-1", h.Profile.UID)

	_, h = hook(`{"HookName":"new","Data":{"ID":"p-1","Uid":"u-1","CustomObject":{"a":1}}}`)
	require.NotNil(t, h.Profile, "a profile that has a custom object as well stays a profile")
	assert.Nil(t, h.Object)

	_, h = hook(`{"HookName":"new","Data":{"Uid":"u-1","Id":"o-1","CustomObject":{"a":1}}}`)
	require.NotNil(t, h.Object)
	assert.Nil(t, h.Profile)

	_, h = hook(`{"HookName":"new","Data":{"a":1}}`)
	assert.Nil(t, h.Profile)
	assert.Nil(t, h.Object)
}

func TestRepeatedUserProfile(t *testing.T) {
	e, err := loginradius.Decode([]byte(`{"HookName":"removeemail","Data":{"UserProfile":{"Uid":"u-1"},"RemovedEmail":"a@example.com","UserProfile":null}}`))
	require.NoError(t, err)
	assert.Nil(t, e.Payload.(*loginradius.Hook).Profile, "the last one counts")
}

// A value as deep as a body may be costs what does not fit of it.
func TestNestedAsDeepAsAllowed(t *testing.T) {
	deep := strings.Repeat("[", 62) + strings.Repeat("]", 62)
	e, err := loginradius.Decode([]byte(`{"HookName":"login","Data":{"Uid":"u-1","Skills":` + deep + `}}`))
	require.NoError(t, err)
	assert.Equal(t, "u-1", e.User.ID)
	assert.NotEmpty(t, e.Warnings)
	assert.Equal(t, "/Data/Skills/0", e.Warnings[0].Path)
}
