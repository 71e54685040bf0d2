package event_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"
)

func ignore(context.Context, *event.Event) error { return nil }

// refusal returns the text that Handle panics with, or an empty one.
func refusal(m *event.Mux, pattern event.Type) (text string) {
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprint(v)
		}
	}()
	m.HandleFunc(pattern, ignore)
	return ""
}

// A handler for what no event is would never be called: a vendor's own word, a
// vendor's name, a misspelling. The panic names the right one.
func TestMuxNamesTheRightType(t *testing.T) {
	for pattern, want := range map[event.Type]string{
		// words
		"session.created":        `"session.created": it is relock's word for "session.started"`,
		"authentication.success": `"authentication.success": it is relock's word for "authentication.succeeded"`,
		"Authentication.Success": `it is relock's word for "authentication.succeeded"`,
		"login":                  `it is loginradius's word for "authentication.succeeded"`,
		"login.*":                `it is loginradius's word for "authentication.succeeded"`,
		"blockaccount":           `it is loginradius's word for "account.blocked"`,
		"BlockAccount":           `it is loginradius's word for "account.blocked"`,
		"viewedCode":             `it is unloc's word for "lock.code_viewed"`,
		"unlocked":               `it is unloc's word for "lock.unlocked"`,
		"logon":                  `it is userlock's word for "session.started"`,
		"4":                      `it is userlock's word for "authentication.failed"`,
		"420":                    `it is userlock's word for "authentication.failed"`,
		"relock.session.created": `it is relock's word for "session.started"`,
		"loginradius.login":      `it is loginradius's word for "authentication.succeeded"`,
		"relock.security.alert":  `want "security.alert"; relock is a vendor, which is Event.Vendor`,
		"unloc.lock.*":           `want "lock.*"; unloc is a vendor, which is Event.Vendor`,
		"relock":                 `relock is a vendor, which is Event.Vendor, and no family`,
		"relock.*":               `relock is a vendor, which is Event.Vendor, and no family`,
		"UserLock.*":             `userlock is a vendor, which is Event.Vendor, and no family`,
		"loginradius.of_my_own":  `loginradius is a vendor, which is Event.Vendor, and no family`,
		// misspellings
		"sesion.*":                `"sesion.*": want "session.*"; name a type of your own to NewMux`,
		"sessions.*":              `want "session.*"`,
		"Session.*":               `want "session.*"`,
		"seession.started":        `want "session.started"`,
		"session.strated":         `want "session.started"`,
		"session.satrted":         `want "session.started"`,
		"session.start":           `want "session.started"`,
		"session.STARTED":         `want "session.started"`,
		"session_started":         `want "session.started"`,
		" session.started":        `want "session.started"`,
		"authentication.suceeded": `want "authentication.succeeded"`,
		"authentification.failed": `want "authentication.failed"`,
		"lock.unlock":             `want "lock.unlocked"`,
		"lock.unlokced":           `want "lock.unlocked"`,
		"lock.lock":               `want "lock.locked"`,
		"locks.*":                 `want "lock.*"`,
		"account.pin_rest":        `want "account.pin_reset"`,
		"unknow":                  `want "unknown"`,
		"unkown":                  `want "unknown"`,
	} {
		text := refusal(event.NewMux(), pattern)
		assert.Contains(t, text, "event: bad pattern ", pattern)
		assert.Contains(t, text, want, pattern)
	}
}

// Vendors of one's own have types of their own, also in the shared families.
func TestMuxTakesTypesOfOnesOwn(t *testing.T) {
	for _, pattern := range []event.Type{
		"acme.badge", "acme.*", "badge.shown", "door.opened", "door.*", "session.paused", "lock.jammed", "device.lost",
		"account.unblocked", "session.restarted", "device.deregistered", "alarm.*", "key.*", "sensor.tripped", "login_form.sent", "clock.in", "rack.*", "stock.*", "subject.*",
	} {
		assert.Empty(t, refusal(event.NewMux(), pattern), pattern)
	}
}

// A type of one's own whose name is near to a shared one is told to NewMux.
func TestNewMuxWithTypesOfOnesOwn(t *testing.T) {
	own := []event.Type{"clock.started", "lock.blocked", "session.created", "acme.badge"}
	for _, pattern := range []event.Type{"clock.started", "clock.*", "lock.blocked", "session.created", "acme.badge", "session.*", "session.started"} {
		m := event.NewMux(own...)
		assert.Empty(t, refusal(m, pattern), pattern)
		typ := event.Type(strings.Replace(string(pattern), "*", "started", 1))
		require.NoError(t, m.HandleEvent(t.Context(), &event.Event{Type: typ}))
		assert.Zero(t, m.Unhandled(), pattern)
	}
	m := event.NewMux(own...)
	assert.Contains(t, refusal(m, "clokc.*"), `want "clock.*"`)
	assert.Contains(t, refusal(m, "acme.bagde"), `want "acme.badge"`)
	assert.Contains(t, refusal(m, "sesion.*"), `want "session.*"`)
	assert.Contains(t, refusal(event.NewMux(), "clock.*"), `want "lock.*"`)
	assert.Contains(t, refusal(event.NewMux(), "lock.blocked"), `want "lock.locked"`)

	for _, bad := range []event.Type{"", "*", "acme", "acme.*", "Acme.badge", "acme.", "acme badge"} {
		assert.Panics(t, func() { event.NewMux("acme.badge", bad) }, bad)
	}
}

// The table of words is the vendors' own.
func TestVendorWords(t *testing.T) {
	vendors := map[string]map[string]event.Type{
		userlock.Vendor: userlock.EventTypes(), unloc.Vendor: unloc.EventTypes(),
		relock.Vendor: relock.EventTypes(), loginradius.Vendor: loginradius.EventTypes(),
	}
	shared := map[event.Type]bool{}
	for _, typ := range event.Types() {
		shared[typ] = true
	}
	for vendor, names := range vendors {
		for name, typ := range names {
			if shared[event.Type(name)] {
				assert.Equal(t, typ, event.Type(name), "%s uses the name for something else", vendor)
				continue
			}
			assert.Contains(t, refusal(event.NewMux(), event.Type(name)), fmt.Sprintf("%s's word for %q", vendor, typ), name)
		}
	}
	for _, w := range event.VendorWords() {
		typ, ok := vendors[w.Vendor][w.Word]
		for name := range vendors[w.Vendor] {
			if strings.EqualFold(name, w.Word) {
				typ, ok = vendors[w.Vendor][name], true
			}
		}
		if !ok && w.Vendor == userlock.Vendor { // takes words as well, which are not in its list of codes
			e, err := userlock.Decode([]byte(`{"EventType":"` + w.Word + `"}`))
			require.NoError(t, err)
			typ = e.Type
		}
		assert.Equal(t, w.Type, typ, w)
	}
}
