package browsertest

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/examples/gateway/internal/page"
)

// tabTo presses Tab until an element has the focus, and checks that each element on the
// way shows it.
func (b *tab) tabTo(condition string) {
	b.t.Helper()
	for range 60 {
		b.press(kb.Tab)
		if eval[bool](b, "Boolean("+condition+")") {
			assert.True(b.t, eval[bool](b, `(() => {
				const e = document.activeElement;
				const style = getComputedStyle(e.matches(".open") ? e.closest("tr") : e);
				return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
			})()`), "the focus can be seen: %s", condition)
			return
		}
	}
	require.Fail(b.t, "Tab does not reach "+condition)
}

func TestKeyboardAlone(t *testing.T) {
	g := startGateway(t, page.Config{DeadLetters: true})
	events := day(t)
	g.handle(events...)
	g.addDead(events[3], "first")
	g.addDead(events[4], "second")
	b := openTab(t, 1280)
	b.open(g.url(""))
	b.until(rows + ` === 23 && document.getElementById("nav-dead").checkVisibility()`)

	// The skip link is first, and leads to the list.
	b.tabTo(`document.activeElement.id === "skip"`)
	b.press(kb.Enter)
	b.until(`document.activeElement.id === "events-title"`)

	// Rows: one stop for Tab, arrows between them.
	b.tabTo(`document.activeElement.matches(".open")`)
	assert.Equal(t, "Session started", eval[string](b, focusText))
	b.press(kb.ArrowDown, kb.ArrowDown)
	second := eval[string](b, focusText)
	b.press(kb.End)
	assert.Equal(t, "Door unlocked", eval[string](b, focusText))
	b.press(kb.Home, kb.ArrowDown, kb.ArrowDown)
	assert.Equal(t, second, eval[string](b, focusText))

	// What comes does not take the focus away.
	g.handle(doors(t, 0, 2)...)
	b.until(`document.getElementById("pause").textContent === "Resume · 2 new"`)
	assert.Equal(t, second, eval[string](b, focusText))

	b.press(kb.Enter)
	b.until(`document.activeElement.getAttribute("aria-expanded") === "true" && document.querySelector(".detail pre")`)
	b.tabTo(`document.activeElement.matches(".copy")`)
	b.tabTo(`document.activeElement.matches(".detail pre")`)
	b.press(kb.Escape)
	b.until(`!document.querySelector(".detail")`)
	assert.Equal(t, second, eval[string](b, focusText), "the focus is where it came from")
	assert.Equal(t, 1, eval[int](b, `document.querySelectorAll(".open[tabindex='0']").length`))

	// Filters, from the top of the page.
	b.open(g.url(""))
	b.until(rows + " === 25")
	b.tabTo(`document.activeElement.name === "q"`)
	b.do(chromedp.KeyEvent("noor"))
	b.until(rows + " === 3")
	b.tabTo(`document.activeElement.name === "vendor"`)
	b.tabTo(`document.activeElement.name === "outcome"`)
	b.press("f") // selects by its first letter: Failures and alerts
	b.until(rows + " === 0")
	b.tabTo(`document.activeElement.id === "clear"`)
	b.press(kb.Enter)
	b.until(rows + ` === 25 && document.activeElement.name === "q"`)

	// Dead letters: look at one, run it again, drop the other.
	b.open(g.url(""))
	b.until(`document.getElementById("nav-dead").checkVisibility()`)
	b.tabTo(`document.activeElement.id === "nav-dead"`)
	b.press(kb.Enter)
	b.until(`document.activeElement.id === "dead-title" && document.querySelectorAll(".dead").length === 2`)
	b.tabTo(`document.activeElement.textContent === "Look at"`)
	b.press(kb.Enter)
	b.until(`document.querySelector(".dead-detail pre")`)
	b.tabTo(`document.activeElement.textContent === "Run again"`)
	b.press(kb.Enter)
	b.until(notice + ` === "Dead letter 6 was run again: it is handled."`)
	assert.True(t, eval[bool](b, `document.activeElement.closest(".dead") !== null`), "the focus is at the next one")
	b.tabTo(`document.activeElement.textContent === "Drop"`)
	b.press(kb.Enter)
	b.until(`document.querySelector("dialog")?.open && document.activeElement.textContent === "Keep it"`)
	b.press(kb.Escape)
	b.until(`!document.querySelector("dialog") && document.activeElement.textContent === "Drop"`)
	b.press(kb.Enter)
	b.until(`document.querySelector("dialog")?.open`)
	b.tabTo(`document.activeElement.textContent === "Drop it"`)
	b.press(kb.Enter)
	b.until(notice + ` === "Dead letter 7 was dropped."`)
	assert.Equal(t, "dead-title", eval[string](b, "document.activeElement.id"))
}
