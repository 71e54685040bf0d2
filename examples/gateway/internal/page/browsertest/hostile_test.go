package browsertest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/examples/gateway/internal/page"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"
)

// Markup that would run, and quotes that would end an attribute or a string; then the
// characters that hide or reorder text.
const (
	markup = `"'><script>alert(1)</script><img src=x onerror=alert(2)>` + "`${alert(3)}`" + `<!--`
	hidden = "\u009b2J\u202egnp\u2066\u200f\u2028\u0085\u007f\x1b[31m\x00\ufeff"
	evil   = markup + hidden
)

// hostile returns an event of each vendor with hostile text in every field that is text.
func hostile(t *testing.T) []*event.Event {
	t.Helper()
	now := time.Now()
	extra := map[string]json.RawMessage{evil: json.RawMessage(fmt.Sprintf("%q", "x")), "more": must(json.Marshal(evil))}
	place := relock.Location{Country: evil, City: evil, Timezone: evil}
	var events []*event.Event
	for i, payload := range []any{
		&userlock.Notification{
			EventType: evil, EventTime: now, UserAccount: evil, UserDomain: evil, UserFullName: evil, ComputerName: evil,
			ComputerSession: evil, ClientName: evil, ClientAddress: evil, SessionType: evil, SessionID: evil,
			SubSessionID: evil, Country: evil, Status: evil, LogonInfo: evil, Extra: extra,
		},
		&userlock.Notification{EventType: "4", EventTime: now, UserFullName: evil, LogonInfo: evil},
		&unloc.AccessEvent{
			ID: evil, Action: evil, Created: now, KeyID: evil, LockID: evil, LockName: evil, AppUserID: evil,
			UserName: evil, UserID: evil, Extra: extra,
		},
		&relock.SecurityAlert{
			AlertID: evil, UserID: evil, AlertType: evil, Severity: evil, Description: evil, Timestamp: now,
			IPAddress: evil, Location: place, Details: must(json.Marshal(map[string]string{evil: evil})),
		},
		&relock.DeviceRegistered{
			DeviceID: evil, UserID: evil, Timestamp: now, IPAddress: evil, Location: place,
			DeviceInfo: relock.DeviceInfo{Name: evil, Type: evil, OS: evil, Browser: evil},
		},
		&relock.AuthenticationFailed{UserID: evil, SessionID: evil, Timestamp: now, Reason: evil, IPAddress: evil, UserAgent: evil, Location: place},
		&loginradius.Hook{
			HookName: evil, Time: now, HookID: evil,
			Profile: &loginradius.Profile{
				UID: evil, UserName: evil, PhoneID: evil,
				Identity: loginradius.Identity{
					ID: evil, Provider: evil, FullName: evil, LocalCity: evil, LocalCountry: evil,
					Email: []loginradius.Email{{Type: "Primary", Value: evil}},
				},
			},
		},
	} {
		e := decode(t, payload)
		e.ID = fmt.Sprintf("%s %d", evil, i)
		e.Source = evil
		events = append(events, e)
	}
	return append(events, &event.Event{ID: evil, Vendor: evil, Source: evil, Type: evil, VendorType: evil, Time: now, Reason: evil})
}

func must(b []byte, err error) json.RawMessage {
	if err != nil {
		panic(err)
	}
	return b
}

// TestVendorTextIsText puts hostile text everywhere. The tab itself fails the test on
// a dialog, a violation of the policy, or an error.
func TestVendorTextIsText(t *testing.T) {
	g := startGateway(t, page.Config{DeadLetters: true})
	b := openTab(t, 1280)
	b.open(g.url(""))
	before := eval[int](b, `document.querySelectorAll("script, img").length`)
	events := hostile(t)
	g.handle(events...)
	for _, e := range events {
		g.addDead(e, evil)
	}
	count := len(events)
	b.until(rows + fmt.Sprintf(" === %d", count))

	for i := range count {
		eval[any](b, fmt.Sprintf(`document.querySelectorAll("tr.event .open")[%d].click()`, i))
	}
	b.until(fmt.Sprintf(`document.querySelectorAll(".detail pre").length === %d`, count))
	b.until(`document.querySelector("#endpoints").innerText.includes("dead letter")`)
	text := eval[string](b, `document.getElementById("view-events").textContent + document.querySelector("select[name=type]").innerHTML.length`)
	assert.Contains(t, text, markup[:44], "markup is shown as it is")
	for _, r := range hidden {
		if r < 0x20 || r > 0x7e {
			assert.NotContains(t, text, string(r), "%U is shown as an escape", r)
			assert.Contains(t, strings.ToLower(text), fmt.Sprintf(`\u%04x`, r))
		}
	}
	whole := eval[[]string](b, `[...document.querySelectorAll("body *")].flatMap((e) => [...e.attributes].map((a) => a.name))`)
	for _, name := range whole {
		require.False(t, strings.HasPrefix(name, "on"), "an attribute %s", name)
	}

	// The filters and the address take hostile text as well.
	b.do(chromedp.SendKeys(chromedp.CSS(`[name="q"]`), markup[:20]))
	b.until(`location.search.includes("script")`)
	b.open(eval[string](b, "location.href") + "&vendor=%3Cscript%3Ealert(1)%3C/script%3E&type=" + `%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E`)
	b.until(`document.body.innerText.includes("No event matches")`) // and so the button works
	b.click("#clear")
	b.until(rows + fmt.Sprintf(" === %d", count))

	b.click("#nav-dead")
	b.until(fmt.Sprintf(`document.querySelectorAll(".dead").length === %d`, count))
	eval[any](b, `for (const button of document.querySelectorAll(".dead-actions button:first-child")) button.click()`)
	b.until(fmt.Sprintf(`document.querySelectorAll(".dead-detail pre").length === %d`, count))
	dead := eval[string](b, `document.getElementById("view-dead").textContent`)
	for _, r := range hidden {
		if r < 0x20 || r > 0x7e {
			assert.NotContains(t, strings.ReplaceAll(dead, "\n", ""), string(r), "%U is shown as an escape", r)
		}
	}
	assert.Equal(t, before, eval[int](b, `document.querySelectorAll("script, img").length`), "no element was made of text")
}
