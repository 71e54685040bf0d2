package browsertest

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"

	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
	"github.com/accesshook/accesshook/examples/gateway/internal/page"
)

func TestTheFirstEventAppearsWithoutReload(t *testing.T) {
	g := startGateway(t, page.Config{})
	b := openTab(t, 1280)
	b.open(g.url(""))
	assert.True(t, eval[bool](b, `document.getElementById("empty").checkVisibility()`), "the page says how to send an event")
	g.handle(door(t, "Front door"))
	b.until(rows + " === 1")
	assert.Contains(t, eval[string](b, `document.querySelector("tr.event").innerText`), "Front door")
	assert.False(t, eval[bool](b, `document.getElementById("empty").checkVisibility()`))
	b.until(`document.getElementById("figure-hour").textContent === "1"`)
	g.handle(door(t, "Back door"))
	b.until(rows + " === 2")
	assert.Equal(t, []string{"Back door", "Front door"}, eval[[]string](b, doorNames), "newest first")
}

// The gateway itself, as a new user sees it: the demo moves all four vendors, and after a
// restart the page goes on.
func TestTheGatewayItself(t *testing.T) {
	p := gatewaytest.Start(t, nil, "-demo")
	b := openTab(t, 1280)
	b.open(p.URL + "/")
	vendors := `[...new Set([...document.querySelectorAll("tr.event .vendor")].map((e) => e.textContent))].sort().join()`
	b.until(vendors + ` === "LoginRadius,Relock,Unloc,UserLock"`)
	b.until(summary + ` === "61 events"`)
	b.until(`document.getElementById("figure-hour").textContent === "61"`)
	assert.Equal(t, 4, eval[int](b, `document.querySelectorAll("#endpoints > *").length`))
	p.Stop()
	b.until(lost)

	again := gatewaytest.New(t, nil, "-demo", "-demo-fast", "-addr", strings.TrimPrefix(p.URL, "http://"))
	again.Start()
	t.Cleanup(again.Stop)
	b.until(live)
	b.until(summary + ` === "122 events"`)
}

func TestFilters(t *testing.T) {
	g := startGateway(t, page.Config{})
	g.handle(day(t)...)
	b := openTab(t, 1280)
	b.open(g.url(""))
	b.until(rows + " === 23")

	choose := func(name, value string) {
		t.Helper()
		eval[any](b, fmt.Sprintf(`{
			const field = document.querySelector("[name=%s]");
			field.value = %q;
			field.dispatchEvent(new Event("input", {bubbles: true}));
		}`, name, value))
	}
	query := func() url.Values {
		u, err := url.Parse(eval[string](b, "location.href"))
		assert.NoError(t, err)
		return u.Query()
	}
	vendors := `[...new Set([...document.querySelectorAll("tr.event .vendor")].map((e) => e.textContent))].join()`

	choose("vendor", "unloc")
	b.until(vendors + ` === "Unloc"`)
	assert.Equal(t, url.Values{"vendor": {"unloc"}}, query())
	g.handle(door(t, "Attic"))
	b.until(firstDoor + ` === "Attic"`)
	g.handle(day(t)[:2]...) // one that was there already, and one that does not match
	b.until(summary + ` === "6 of 25 events"`)
	assert.Equal(t, "Unloc", eval[string](b, vendors))

	choose("type", "lock.locked")
	b.until(rows + " === 1")
	choose("type", "")
	choose("vendor", "")
	choose("outcome", "attention")
	b.until(`document.querySelectorAll("tr.level-failure").length === 3 && ` + rows + " === 4")
	choose("outcome", "")
	choose("user", "BRANDT")
	b.until(rows + " === 3")
	choose("user", "")
	b.do(chromedp.SendKeys(chromedp.CSS(`[name="q"]`), `porto within`))
	b.until(rows + " === 1 && " + firstRow + ` === "Security alert"`)
	assert.Equal(t, url.Values{"q": {"porto within"}}, query())

	// The address brings back what was chosen.
	b.open(eval[string](b, "location.href"))
	b.until(rows + " === 1 && " + firstRow + ` === "Security alert"`)
	assert.Equal(t, "porto within", eval[string](b, `document.querySelector('[name="q"]').value`))
	b.open(g.url("?vendor=not-seen-yet"))
	b.until(`document.getElementById("no-match").checkVisibility()`)
	b.click("#clear")
	b.until(rows + " === 25")
	assert.Empty(t, query())
}

func TestARowOpensToTheWholeEvent(t *testing.T) {
	g := startGateway(t, page.Config{})
	g.handle(day(t)...)
	b := openTab(t, 1280)
	b.open(g.url(""))
	b.until(rows + " === 23")
	b.click(".level-alert .from") // anywhere in the row
	b.until(`document.querySelector(".detail pre")`)
	shown := eval[map[string]any](b, `JSON.parse(document.querySelector(".detail pre").textContent)`)
	assert.Equal(t, "accesshook.security.alert", shown["type"])
	assert.Equal(t, map[string]any{"attempts": 4.0, "firstSeen": "192.0.2.90"},
		shown["data"].(map[string]any)["payload"].(map[string]any)["data"].(map[string]any)["details"])

	// What comes meanwhile does not move what is read.
	g.handle(doors(t, 0, 3)...)
	b.until(`document.getElementById("pause").textContent === "Resume · 3 new"`)
	assert.EqualValues(t, 23, eval[int](b, rows))
	b.click("#pause")
	b.until(rows + " === 26")
	assert.False(t, eval[bool](b, `document.querySelector(".detail") !== null`))

	secret := `document.querySelector(".detail pre").textContent.includes("[redacted]")`
	b.do(chromedp.SendKeys(chromedp.CSS(`[name="q"]`), "noor"))
	b.until(rows + " === 3")
	b.click("tr.event .open")
	b.until(secret)
	assert.NotContains(t, eval[string](b, "document.body.textContent"), "a-hash-that-is-masked")
}

func TestPause(t *testing.T) {
	g := startGateway(t, page.Config{})
	b := openTab(t, 1280)
	b.open(g.url(""))
	g.handle(doors(t, 0, 2)...)
	b.until(rows + " === 2")
	b.click("#pause")
	b.until(`document.getElementById("pause").textContent === "Resume"`)
	g.handle(doors(t, 2, 4)...)
	b.until(`document.getElementById("pause").textContent === "Resume · 4 new"`)
	assert.EqualValues(t, 2, eval[int](b, rows))
	b.click("#pause")
	b.until(rows + " === 6")
	assert.Equal(t, "Pause", eval[string](b, `document.getElementById("pause").textContent`))
}

func TestDeadLetters(t *testing.T) {
	g := startGateway(t, page.Config{DeadLetters: true})
	events := day(t)
	for _, e := range events[:3] {
		g.addDead(e, "ticket system: <b>503</b>")
	}
	b := openTab(t, 1280)
	b.open(g.url(""))
	b.until(`document.getElementById("dead-count").textContent === "3"`)
	b.until(`document.querySelector("#endpoints").innerText.includes("1 dead letter")`)
	b.click("#nav-dead")
	b.until(`document.querySelectorAll(".dead").length === 3`)
	assert.Contains(t, eval[string](b, `document.querySelector(".dead").innerText`), "ticket system: <b>503</b>")
	assert.Contains(t, eval[string](b, "location.search"), "view=dead")

	b.click(".dead-actions button")
	b.until(`document.querySelector(".dead-detail pre")?.textContent.includes("Main entrance")`)

	g.mu.Lock()
	g.retryFail = "the callbacks failed again"
	g.mu.Unlock()
	b.click(".dead-actions button:nth-child(2)")
	b.until(notice + ` === "Dead letter 6 was run again: the callbacks failed again."`)
	g.mu.Lock()
	g.retryFail = ""
	g.mu.Unlock()
	b.click(".dead-actions button:nth-child(2)")
	b.until(notice + ` === "Dead letter 6 was run again: it is handled."`)
	assert.EqualValues(t, 2, eval[int](b, `document.querySelectorAll(".dead").length`))

	b.click(".dead-actions .danger")
	b.until(`document.querySelector("dialog")?.open`)
	b.press(kb.Escape)
	b.until(`!document.querySelector("dialog")`)
	b.click(".dead-actions .danger")
	b.until(`document.querySelector("dialog")?.open`)
	b.click("dialog .danger")
	b.until(notice + ` === "Dead letter 7 was dropped."`)
	g.mu.Lock()
	assert.Len(t, g.dead, 1)
	g.mu.Unlock()
	b.until(`document.getElementById("dead-count").textContent === "1"`)
	b.do(chromedp.NavigateBack())
	b.until(`document.getElementById("view-events").checkVisibility()`)
}

func TestWithoutAStoreThereAreNoDeadLetters(t *testing.T) {
	g := startGateway(t, page.Config{})
	b := openTab(t, 1280)
	b.open(g.url("?view=dead"))
	assert.False(t, eval[bool](b, `document.getElementById("nav-dead").checkVisibility()`))
	assert.True(t, eval[bool](b, `document.getElementById("view-events").checkVisibility()`))
}
