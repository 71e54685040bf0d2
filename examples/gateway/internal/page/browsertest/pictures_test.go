package browsertest

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/examples/gateway/internal/page"
)

// TestPictures takes the pictures of the documentation.
func TestPictures(t *testing.T) {
	folder := os.Getenv("ACCESSHOOK_SCREENSHOTS")
	if folder == "" {
		t.Skip("ACCESSHOOK_SCREENSHOTS names no folder")
	}
	g := startGateway(t, page.Config{DeadLetters: true}, withHistory)
	events := day(t)
	g.handle(events...)
	g.addDead(events[20], "ticket system: 503 Service Unavailable")
	g.addDead(events[17], "directory: dial tcp 192.0.2.5:636: i/o timeout")
	shoot := func(b *tab, name string) {
		b.t.Helper()
		png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(folder, "page-"+name+".png"), png, 0o644))
	}
	for _, scheme := range []string{"light", "dark"} {
		b := openTab(t, 1280)
		b.scheme(scheme)
		b.open(g.url(""))
		b.until(rows + ` === 23 && document.querySelectorAll("#legend li").length === 4`)
		b.until(`document.getElementById("endpoints").innerText.includes("dead letter")`)
		shoot(b, scheme)
		b.click(".level-alert .open")
		b.do(chromedp.ScrollIntoView(chromedp.CSS(".detail")))
		shoot(b, scheme+"-opened")
		b.click("#nav-dead")
		b.click(".dead-actions button")
		b.until(`document.querySelector(".dead-detail pre")`)
		shoot(b, scheme+"-dead")
		b.click(".dead-actions .danger")
		shoot(b, scheme+"-confirm")
		b.resize(360, 1500)
		b.open(g.url(""))
		b.until(rows + " === 23")
		shoot(b, scheme+"-360")
		b.open(g.url("?view=dead"))
		b.until(`document.querySelector(".dead")`)
		shoot(b, scheme+"-360-dead")
	}
	b := openTab(t, 1280)
	b.open(g.url(""))
	b.until(rows + " === 23")
	g.kill()
	b.until(`document.getElementById("status").dataset.state === "lost"`)
	shoot(b, "lost")

	empty := startGateway(t, page.Config{})
	b = openTab(t, 1280)
	b.open(empty.url(""))
	shoot(b, "empty")
}

// withHistory lets the page believe that there were events before the gateway was started,
// so that the chart shows how it looks after an hour.
func withHistory(next http.Handler) http.Handler {
	type minute struct {
		Minute  int64             `json:"minute"`
		Vendors map[string][3]int `json:"vendors"`
	}
	now := time.Now()
	var past []minute
	for i := range 59 {
		rush := int(30 * math.Exp(-math.Pow(float64(i-22)/9, 2))) // people come to work
		past = append(past, minute{now.Unix()/60 - 59 + int64(i), map[string][3]int{
			"userlock": {7 + rush + i*7%5, i * 5 % 11 / 10, 0}, "unloc": {3 + rush/3 + i*11%4, 0, 0},
			"relock": {4 + i*5%7, i * 3 % 13 / 12, 0}, "loginradius": {6 + i*13%9 + i/8, 0, 0},
		}})
	}
	message, err := json.Marshal(map[string]any{"now": now.UnixMilli(), "total": 41209, "minutes": past})
	if err != nil {
		panic(err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/events" {
			w = &historyWriter{w, message}
		}
		next.ServeHTTP(w, r)
	})
}

// A historyWriter writes one more message after what is written first.
type historyWriter struct {
	http.ResponseWriter
	message []byte
}

func (w *historyWriter) Write(b []byte) (int, error) {
	n, err := w.ResponseWriter.Write(b)
	if err == nil && w.message != nil {
		_, err = fmt.Fprintf(w.ResponseWriter, "event: counts\ndata: %s\n\n", w.message)
		w.message = nil
	}
	return n, err
}

// Unwrap is for http.ResponseController.
func (w *historyWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
