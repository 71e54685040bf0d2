package browsertest

import (
	"fmt"
	"os"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	gatewaypage "github.com/accesshook/accesshook/examples/gateway/internal/page"
)

type violation struct {
	ID    string `json:"id"`
	Help  string `json:"help"`
	Nodes []struct {
		HTML    string `json:"html"`
		Summary string `json:"failureSummary"`
	} `json:"nodes"`
}

// TestAccessibility asks axe-core about each view in light and dark, wide and narrow.
// A narrow page must not scroll sideways.
func TestAccessibility(t *testing.T) {
	path := os.Getenv("ACCESSHOOK_AXE")
	if path == "" {
		missing(t, "ACCESSHOOK_AXE does not name axe.min.js: npm install axe-core@4.14.1")
	}
	axe, err := os.ReadFile(path)
	require.NoError(t, err)
	g := startGateway(t, gatewaypage.Config{DeadLetters: true})
	events := day(t)
	g.addDead(events[13], "ticket system: 503 Service Unavailable")

	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{1280, 360} {
			t.Run(fmt.Sprintf("%s, %d pixels", scheme, width), func(t *testing.T) {
				b := openTab(t, width)
				// axe-core is no part of the page, whose policy would not let it run.
				call(b, page.SetBypassCSP, page.SetBypassCSPParams{Enabled: true})
				b.scheme(scheme)
				check := func(view string) {
					t.Helper()
					for _, v := range eval[[]violation](b, "axe.run().then((r) => r.violations)") {
						for _, n := range v.Nodes {
							t.Errorf("%s: %s: %s\n%s\n%s", view, v.ID, v.Help, n.HTML, n.Summary)
						}
					}
					assert.LessOrEqual(t, eval[int](b, "document.documentElement.scrollWidth"), int(width), "%s scrolls sideways", view)
				}
				load := func(query string) {
					t.Helper()
					b.open(g.url(query))
					eval[any](b, string(axe)+"; null")
				}
				if len(g.events) == 0 {
					load("")
					check("empty list")
				}
				g.handle(events...)
				load("")
				b.until(rows + ` === 23 && document.querySelectorAll(".endpoint").length === 4`)
				check("list")
				b.click(".level-alert .open")
				b.click(".level-failure .open")
				eval[any](b, `document.getElementById("chart-table").open = true`)
				b.until(`document.querySelectorAll(".detail pre").length === 2 && document.querySelector("#chart-table td")`)
				check("opened rows and table")
				load("?vendor=none&q=x")
				check("no match")
				load("?view=dead")
				b.click(".dead-actions button")
				b.until(`document.querySelector(".dead-detail pre")`)
				check("dead letters")
				b.click(".dead-actions .danger")
				b.until(`document.querySelector("dialog")?.open`)
				check("confirmation")
				load("")
				g.page.Close()
				b.until(lost)
				check("connection lost")
				g.kill()
				g.start()
			})
		}
	}
}
