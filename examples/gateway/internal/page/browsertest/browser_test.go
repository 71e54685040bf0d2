package browsertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// patience is how long a test waits for what must come.
const patience = 2 * time.Minute

// browser is one chromium for all tests.
var browser context.Context

func TestMain(m *testing.M) {
	if os.Getenv("ACCESSHOOK_BROWSER") == "off" {
		fmt.Println("the browser's tests have a step of their own: ACCESSHOOK_BROWSER=off")
		return
	}
	code := func() int {
		path, err := exec.LookPath("chromium")
		if err != nil {
			return gatewaytest.Main(m) // each test is skipped, or fails
		}
		options := append(chromedp.DefaultExecAllocatorOptions[:],
			chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.WSURLReadTimeout(patience))
		allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
		defer stop()
		ctx, cancel := chromedp.NewContext(allocator)
		defer cancel()
		if err := chromedp.Do(ctx); err != nil {
			fmt.Fprintln(os.Stderr, "chromium does not start:", err)
			return 1
		}
		browser = ctx
		return gatewaytest.Main(m)
	}()
	os.Exit(code)
}

// missing skips the test, but fails it where everything must be installed.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// A tab is a page of the browser, with what goes wrong in it.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	problems []string
}

// watch notes violations of the Content-Security-Policy, which the page itself reports,
// and runs before its scripts.
const watch = `addEventListener("securitypolicyviolation", (e) =>
	console.error("policy violated: " + e.violatedDirective + " " + e.blockedURI + " " + e.sample));`

// openTab opens an empty tab with a width. When the test ends, there must have been no
// error in it, except of lost connections, if they are expected.
func openTab(t *testing.T, width int64) *tab {
	t.Helper()
	if browser == nil {
		missing(t, "chromium is not installed: apt-get install chromium")
	}
	b := &tab{t: t}
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithListener(b.listen))
	b.ctx = ctx
	t.Cleanup(func() {
		cancel()
		b.mu.Lock()
		defer b.mu.Unlock()
		assert.Empty(t, b.problems, "problems in the browser")
	})
	require.NoError(t, chromedp.Do(ctx)) // not with a timeout: the tab lives as long as this context
	call(b, log.Enable, cdp.Empty{})
	call(b, page.Enable, page.EnableParams{})
	call(b, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: watch})
	b.resize(width, 800)
	return b
}

func (b *tab) listen(ev any) {
	switch ev := ev.(type) {
	case *runtime.EventExceptionThrown:
		what := "exception: " + ev.ExceptionDetails.Text
		if e := ev.ExceptionDetails.Exception; e != nil {
			what += " " + e.Description
		}
		b.problem(what)
	case *runtime.EventConsoleAPICalled:
		if ev.Type == runtime.ConsoleAPICalledTypeError || ev.Type == runtime.ConsoleAPICalledTypeWarning {
			for _, arg := range ev.Args {
				b.problem("console: " + string(arg.Value) + arg.Description)
			}
		}
	case *log.EventEntryAdded:
		// The network is left out: connections are lost on purpose.
		if ev.Entry.Level == log.EntryLevelError && ev.Entry.Source != log.EntrySourceNetwork {
			b.problem(fmt.Sprintf("%s: %s", ev.Entry.Source, ev.Entry.Text))
		}
	case *page.EventJavascriptDialogOpening:
		b.problem("a dialog opened: " + ev.Message)
	}
}

func (b *tab) problem(what string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.problems = append(b.problems, what)
}

func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	require.NoError(b.t, chromedp.Do(ctx, actions...))
}

// call sends a command of the DevTools protocol to a tab.
func call[P, R any](b *tab, command cdp.Command[P, R], params P) R {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	result, err := chromedp.Call(ctx, command, params)
	require.NoError(b.t, err)
	return result
}

// eval returns the value of a JavaScript expression.
func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	require.NoError(b.t, err, expression)
	return value
}

func (b *tab) resize(width, height int64) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(width, height))
}

// click clicks on the middle of the first element that a selector matches.
func (b *tab) click(selector string) {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS(selector)))
}

// open loads an address, and waits until the page is connected.
func (b *tab) open(url string) {
	b.t.Helper()
	b.do(chromedp.Navigate(url))
	b.until(`document.getElementById("status").dataset.state === "live"`)
}

// scheme chooses the light or the dark colours.
func (b *tab) scheme(name string) {
	b.t.Helper()
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}},
	})
}

// until waits until a JavaScript expression is true. It asks from outside: the policy of
// the page allows no evaluation inside.
func (b *tab) until(expression string) {
	b.t.Helper()
	deadline := time.Now().Add(patience)
	for !eval[bool](b, "Boolean("+expression+")") {
		require.True(b.t, time.Now().Before(deadline), "this did not become true: %s\nthe page says:\n%s",
			expression, eval[string](b, "document.body.innerText"))
		time.Sleep(20 * time.Millisecond)
	}
}

// press presses keys, one after the other.
func (b *tab) press(keys ...string) {
	b.t.Helper()
	for _, key := range keys {
		b.do(chromedp.KeyEvent(key))
	}
}

// Expressions that tests ask for.
const (
	rows      = `document.querySelectorAll("tr.event").length`
	firstRow  = `(document.querySelector("tr.event .open")?.textContent ?? "")`
	doorNames = `[...document.querySelectorAll("tr.event .where")].map((e) => e.textContent)`
	firstDoor = `document.querySelector("tr.event .where")?.textContent`
	notice    = `document.getElementById("notice-text").textContent`
	summary   = `document.getElementById("summary").textContent`
	focusText = `document.activeElement.textContent.trim()`
)
