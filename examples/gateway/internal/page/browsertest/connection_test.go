package browsertest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"

	"github.com/accesshook/accesshook/examples/gateway/internal/page"
)

const (
	lost = `document.getElementById("status").dataset.state === "lost"`
	live = `document.getElementById("status").dataset.state === "live"`
)

// names returns those of count doors, as the list shows them.
func names(count int) []string {
	var list []string
	for i := range count {
		list = append(list, fmt.Sprintf("d%05d", i))
	}
	slices.Reverse(list)
	return list
}

func TestARestartLeavesNoGapAndNoDuplicate(t *testing.T) {
	g := startGateway(t, page.Config{})
	b := openTab(t, 1280)
	b.open(g.url(""))
	g.handle(doors(t, 0, 10)...)
	b.until(rows + " === 10")

	g.handle(doors(t, 10, 5)...) // the last ones before it stops
	g.stop()
	b.until(lost)
	assert.Contains(t, eval[string](b, notice), "The connection to the gateway is lost since")
	g.start()
	g.handle(doors(t, 12, 10)...) // three of them once more, as a store delivers them again
	b.until(live)
	b.until(rows + " === 22")
	assert.Equal(t, names(22), eval[[]string](b, doorNames))
	assert.Equal(t, "The connection is back, and the gateway was restarted meanwhile. No event was missed.", eval[string](b, notice))
}

func TestALostConnectionIsResumed(t *testing.T) {
	gate := &gate{}
	g := startGateway(t, page.Config{Events: 5}, gate.wrap)
	b := openTab(t, 1280)
	b.open(g.url(""))
	g.handle(doors(t, 0, 4)...)
	b.until(rows + " === 4")

	gate.shut()
	b.until(lost)
	g.handle(doors(t, 4, 3)...)
	gate.open()
	b.until(rows + " === 7")
	b.until(notice + ` === "The connection is back. No event was missed."`)

	gate.shut()
	b.until(lost)
	g.handle(doors(t, 7, 8)...) // more than are held
	gate.open()
	b.until(rows + " === 12")
	b.until(notice + ` === "The connection is back. 3 events came that the gateway no longer holds: not listed here."`)
	assert.Equal(t, []string{"d00014", "d00010", "d00006"}, func() []string {
		all := eval[[]string](b, doorNames)
		return []string{all[0], all[4], all[5]}
	}())
}

func TestAPageThatIsRefusedAtFirstConnectsLater(t *testing.T) {
	gate := &gate{}
	gate.shut()
	g := startGateway(t, page.Config{}, gate.wrap)
	g.handle(doors(t, 0, 3)...)
	b := openTab(t, 1280)
	b.do(chromedp.Navigate(g.url("")))
	b.until(lost)
	gate.open()
	b.until(live)
	b.until(rows + " === 3")
	assert.Empty(t, eval[string](b, notice), "that the connection is lost is no longer said")
}

func TestAKilledGatewaySaysThatEventsMayBeMissing(t *testing.T) {
	g := startGateway(t, page.Config{})
	b := openTab(t, 1280)
	b.open(g.url(""))
	g.handle(doors(t, 0, 1)...)
	b.until(rows + " === 1")
	g.kill()
	b.until(lost)
	g.start()
	b.until(live)
	assert.Equal(t, "The connection is back, and the gateway was restarted meanwhile. It did not stop in the usual way: "+
		"its last events may not be listed here.", eval[string](b, notice))
}
