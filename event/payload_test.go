package event_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"
)

// onRefused returns the text that On panics with, or an empty one.
func onRefused[P any]() (text string) {
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprint(v)
		}
	}()
	event.On(event.NewMux(), func(context.Context, *event.Event, *P) error { return nil })
	return ""
}

// A callback for a struct that is only a part of a payload would never be called.
func TestOnNamesThePayloads(t *testing.T) {
	assert.Equal(t, "event: no payload is a *loginradius.Profile: want *loginradius.Hook", onRefused[loginradius.Profile]())
	assert.Equal(t, "event: no payload is a *loginradius.Config: want *loginradius.Hook", onRefused[loginradius.Config]())
	assert.Equal(t, "event: no payload is a *userlock.Config: want *userlock.Notification", onRefused[userlock.Config]())
	assert.Equal(t, "event: no payload is a *unloc.Config: want *unloc.AccessEvent", onRefused[unloc.Config]())
	assert.Equal(t, "event: no payload is a *relock.Location: want *relock.AuthenticationFailed, *relock.AuthenticationSucceeded, "+
		"*relock.DeviceRegistered, *relock.DeviceRevoked, *relock.SecurityAlert, *relock.SessionCreated, *relock.SessionEnded or *relock.Unknown",
		onRefused[relock.Location]())
	for _, text := range []string{onRefused[event.User](), onRefused[event.Warning](), onRefused[event.Event](), onRefused[event.Type]()} {
		assert.Contains(t, text, "event: no payload is a *event.")
	}
}

func TestOnTakesEveryPayload(t *testing.T) {
	for name, text := range map[string]string{
		"userlock": onRefused[userlock.Notification](), "unloc": onRefused[unloc.AccessEvent](), "loginradius": onRefused[loginradius.Hook](),
		"alert": onRefused[relock.SecurityAlert](), "unknown": onRefused[relock.Unknown](),
		"not registered": onRefused[alert](), "no struct": onRefused[map[string]any](),
	} {
		assert.Empty(t, text, name)
	}
}

type (
	ownPayload struct{ Door door }
	door       struct{ ID string }
)

func TestRegisterPayloads(t *testing.T) {
	for name, bad := range map[string]any{"nil": nil, "value": ownPayload{}, "pointer to a pointer": new(*ownPayload), "no name": new(struct{})} {
		assert.Panics(t, func() { event.RegisterPayloads(bad) }, name)
	}
}
