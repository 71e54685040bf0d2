package browsertest

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/cdproto/tracing"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	gatewaypage "github.com/accesshook/accesshook/examples/gateway/internal/page"
)

// TestManyEvents sends 10,000 events as fast as the page takes them. The page must not
// grow, and no task of it, of which a frame has one or more, may take 100 ms.
//
// On a machine that is shared with others, the time on the clock is theirs as well. So this
// measures the processor time of the page's main thread, task by task, as the browser
// itself traces it: script, style, layout and painting together.
func TestManyEvents(t *testing.T) {
	const total, batch = 10_000, 250
	g := startGateway(t, gatewaypage.Config{})
	b := openTab(t, 1280)
	call(b, performance.Enable, performance.EnableParams{})
	call(b, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: countAdded})
	b.open(g.url(""))

	events := doors(t, 0, total)
	send := func(begin, end int) {
		for ; begin < end; begin += batch {
			g.handle(events[begin : begin+batch]...)
			b.until(firstDoor + ` === "` + events[begin+batch-1].Lock.Name + `"`)
		}
	}
	send(0, total/4)
	nodes, heap := size(b)
	tasks := b.trace(func() { send(total/4, total) })
	nodesAfter, heapAfter := size(b)

	assert.EqualValues(t, 100, eval[int](b, rows), "the list has its newest rows")
	assert.Equal(t, "1,000 events", eval[string](b, summary))
	assert.Less(t, nodesAfter, nodes+200, "elements and other nodes in the page")
	assert.Less(t, heapAfter, heap+heap/2+4<<20, "bytes of JavaScript objects")
	t.Logf("nodes: %d after %d events, %d after %d; heap: %.1f MB, %.1f MB",
		nodes, total/4, nodesAfter, total, float64(heap)/1e6, float64(heapAfter)/1e6)

	slices.Sort(tasks)
	slowest := tasks[len(tasks)-1]
	t.Logf("%d tasks: the slowest took %v, 99 of 100 at most %v", len(tasks), slowest, tasks[len(tasks)-1-len(tasks)/100])
	assert.Less(t, slowest, 100*time.Millisecond, "processor time of a task")
	assert.LessOrEqual(t, eval[int](b, "mostAdded"), 40, "rows added in one frame")
}

// countAdded notes how many rows a frame adds, at most. It runs before the scripts of the
// page.
const countAdded = `
	window.mostAdded = 0;
	window.request_ = requestAnimationFrame;
	window.requestAnimationFrame = (callback) => request_((time) => {
		const before = new Set(document.querySelectorAll("tr.event"));
		callback(time);
		const added = [...document.querySelectorAll("tr.event")].filter((row) => !before.has(row)).length;
		mostAdded = Math.max(mostAdded, added);
	});`

// trace returns the processor time of each task of the page's main thread while f runs.
func (b *tab) trace(f func()) []time.Duration {
	b.t.Helper()
	type traced struct {
		Name string `json:"name"`
		PID  int    `json:"pid"`
		TID  int    `json:"tid"`
		CPU  *int64 `json:"tdur"` // in microseconds
	}
	type thread struct{ pid, tid int }
	var (
		page  thread // that runs the frames of the page
		tasks = make(map[thread][]time.Duration)
		done  = make(chan struct{})
	)
	require.NoError(b.t, chromedp.Listen(b.ctx, func(ev any) {
		switch ev := ev.(type) {
		case *tracing.EventDataCollected:
			for _, value := range ev.Value {
				var event traced
				if json.Unmarshal(value, &event) != nil {
					continue
				}
				at := thread{event.PID, event.TID}
				switch event.Name {
				case "FireAnimationFrame":
					page = at
				case "RunTask":
					if event.CPU != nil {
						tasks[at] = append(tasks[at], time.Duration(*event.CPU)*time.Microsecond)
					}
				}
			}
		case *tracing.EventTracingComplete:
			close(done)
		}
	}))
	call(b, tracing.Start, tracing.StartParams{TraceConfig: &tracing.TraceConfig{
		IncludedCategories: []string{"devtools.timeline", "disabled-by-default-devtools.timeline"},
		ExcludedCategories: []string{"*"},
	}})
	f()
	call(b, tracing.End, cdp.Empty{})
	<-done
	require.NotEmpty(b.t, tasks[page], "the browser traced no task of the page")
	return tasks[page]
}

// TestABurst sends more at once than the page may lose: it shows the newest, in order.
func TestABurst(t *testing.T) {
	g := startGateway(t, gatewaypage.Config{})
	b := openTab(t, 1280)
	b.open(g.url(""))
	g.handle(doors(t, 0, 3000)...)
	b.until(firstDoor + ` === "d02999"`)
	assert.Equal(t, names(3000)[:100], eval[[]string](b, doorNames))
	b.until(`document.getElementById("figure-hour").textContent === "3,000"`)
	eval[any](b, `document.getElementById("older").click()`)
	b.until(rows + " === 200")
	assert.Equal(t, names(3000)[:200], eval[[]string](b, doorNames))

	// Nothing older is kept than what is shown, after so many more.
	b.click("#pause")
	g.handle(doors(t, 3000, 550)...)
	b.until(`document.getElementById("pause").textContent === "Resume · 550 new"`)
	g.handle(doors(t, 3550, 550)...)
	b.until(`document.getElementById("pause").textContent === "Resume · 1,100 new"`)
	eval[any](b, `document.getElementById("older").click()`)
	assert.Equal(t, names(3000)[:200], eval[[]string](b, doorNames))
	assert.False(t, eval[bool](b, `document.getElementById("older").checkVisibility()`))
	b.click("#pause")
	b.until(firstDoor + ` === "d04099"`)
}

// size returns how many nodes the page has, and the bytes of its JavaScript objects, after
// what is not used any more was collected.
func size(b *tab) (nodes, heap int64) {
	b.t.Helper()
	call(b, heapprofiler.CollectGarbage, cdp.Empty{})
	for _, m := range call(b, performance.GetMetrics, cdp.Empty{}).Metrics {
		switch m.Name {
		case "Nodes":
			nodes = int64(m.Value)
		case "JSHeapUsedSize":
			heap = int64(m.Value)
		}
	}
	return nodes, heap
}
