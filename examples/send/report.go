package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/term"
)

// maxLines is up to how many events each answer has a line of its own.
const maxLines = 100

// A report counts the answers, and tells how far the sending has come. It is safe for
// concurrent use.
type report struct {
	s      *settings
	stdout io.Writer
	stderr io.Writer
	began  time.Time
	stop   func() // stops the progress line
	erase  string // what erases it

	mu         sync.Mutex
	events     int
	requests   int
	unexpected int
	statuses   map[int]int
	errors     map[string]int // by kind
	latencies  histogram
	failed     error // the first that is not an answer's
	warned     time.Time
}

func newReport(s *settings, stdout, stderr io.Writer) *report {
	r := &report{s: s, stdout: stdout, stderr: stderr, began: time.Now(), stop: func() {}, statuses: make(map[int]int), errors: make(map[string]int)}
	if f, ok := stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) && !r.lines() {
		r.stop, r.erase = r.progress(f), eraseLine
	}
	return r
}

// lines reports whether each answer has a line.
func (r *report) lines() bool { return !r.s.json && r.s.count > 0 && r.s.count <= maxLines }

// event counts an event that is about to be sent.
func (r *report) event() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events++
}

// answer counts an answer.
func (r *report) answer(k kind, a answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests++
	var what string
	if a.err != nil {
		what = kindOfError(a.err)
		r.errors[what]++
		r.warn(what)
	} else {
		what = strconv.Itoa(a.status) + r.judge(a.status) + " in " + short(a.took)
		r.statuses[a.status]++
		r.latencies.add(a.took)
	}
	if a.err != nil || a.status != r.s.expect {
		r.unexpected++
	}
	if r.lines() {
		name := k.name
		if name == "" {
			name = "file"
		}
		_, err := fmt.Fprintf(r.stdout, "%s %s: %s\n", k.vendor.Name, name, what)
		r.failed = cmp.Or(r.failed, err)
	}
}

// warn says at times that a run without an end gets no answers.
func (r *report) warn(what string) {
	const often = 10 * time.Second
	if r.s.count == 0 && time.Since(r.warned) >= often {
		r.warned = time.Now()
		fmt.Fprintf(r.stderr, "%ssend: %s: trying again, more slowly\n", r.erase, what)
	}
}

// fail notes an error that ends a sender.
func (r *report) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = cmp.Or(r.failed, err)
}

// eraseLine erases the line of the cursor on a terminal.
const eraseLine = "\r\x1b[K"

// progress writes a progress line to a terminal until stop is called.
func (r *report) progress(w io.Writer) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		t := time.NewTicker(100 * time.Millisecond)
		defer t.Stop()
		for {
			select {
			case <-done:
				_, _ = fmt.Fprint(w, eraseLine)
				return
			case <-t.C:
				_, _ = fmt.Fprint(w, eraseLine, r.soFar())
			}
		}
	}()
	return func() {
		close(done)
		<-ended
	}
}

func (r *report) soFar() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	text := "sent " + strconv.Itoa(r.events)
	if r.s.count > 0 {
		text += " of " + strconv.Itoa(r.s.count)
	}
	return fmt.Sprintf("%s events, %.1f a second, %d answers not as expected", text, r.rate(), r.unexpected)
}

// rate returns events a second.
func (r *report) rate() float64 { return float64(r.events) / max(time.Since(r.began).Seconds(), 1e-9) }

// A summary is what -json writes.
type summary struct {
	Events     int            `json:"events"`
	Requests   int            `json:"requests"`
	Expected   int            `json:"expected"` // status
	Unexpected int            `json:"unexpected"`
	Statuses   map[int]int    `json:"statuses"`
	Errors     map[string]int `json:"errors"`
	Seconds    float64        `json:"seconds"`
	Rate       float64        `json:"eventsPerSecond"`
	Latency    *latency       `json:"latencySeconds,omitempty"` // nil: there was no answer
	Stopped    bool           `json:"stopped"`                  // before all events were sent
}

type latency struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// end writes the summary.
func (r *report) end() (status int, err error) {
	r.stop()
	r.mu.Lock()
	defer r.mu.Unlock()
	stopped := r.s.count > 0 && r.events < r.s.count
	if r.s.json {
		err = r.writeJSON(stopped)
	} else {
		err = r.writeText(stopped)
	}
	if r.unexpected > 0 || stopped {
		status = 1
	}
	return status, cmp.Or(r.failed, err)
}

func (r *report) writeJSON(stopped bool) error {
	sum := summary{
		Events: r.events, Requests: r.requests, Expected: r.s.expect, Unexpected: r.unexpected,
		Statuses: r.statuses, Errors: r.errors, Seconds: time.Since(r.began).Seconds(), Rate: r.rate(), Stopped: stopped,
	}
	if h := &r.latencies; h.n > 0 {
		sum.Latency = &latency{h.percentile(50).Seconds(), h.percentile(99).Seconds(), h.max.Seconds()}
	}
	return json.NewEncoder(r.stdout).Encode(sum)
}

func (r *report) writeText(stopped bool) error {
	w := &errorWriter{w: r.stdout}
	if stopped {
		fmt.Fprintf(w, "stopped before all %d events were sent\n", r.s.count)
	}
	fmt.Fprintf(w, "sent %d events in %d requests in %s, %.1f events a second\n", r.events, r.requests, short(time.Since(r.began)), r.rate())
	for _, status := range slices.Sorted(maps.Keys(r.statuses)) {
		fmt.Fprintf(w, "%d %s: %d%s\n", status, http.StatusText(status), r.statuses[status], r.judge(status))
	}
	for _, what := range slices.Sorted(maps.Keys(r.errors)) {
		fmt.Fprintf(w, "%s: %d\n", what, r.errors[what])
	}
	if h := &r.latencies; h.n > 0 {
		fmt.Fprintf(w, "latency: p50 %s, p99 %s, max %s\n", short(h.percentile(50)), short(h.percentile(99)), short(h.max))
	}
	if r.statuses[http.StatusUnauthorized] > 0 && r.s.expect != http.StatusUnauthorized {
		fmt.Fprintln(w, "401: the receiver has another secret, or something changes the requests on their way")
	}
	return w.err
}

// judge returns what to say of a status beside it.
func (r *report) judge(status int) string {
	if status == r.s.expect {
		return ""
	}
	return fmt.Sprintf(" (expected %d)", r.s.expect)
}

// An errorWriter remembers the first error.
type errorWriter struct {
	w   io.Writer
	err error
}

func (w *errorWriter) Write(p []byte) (int, error) {
	if w.err == nil {
		_, w.err = w.w.Write(p)
	}
	return len(p), w.err
}

// short returns d with three digits or so.
func short(d time.Duration) string {
	for unit := time.Duration(1); unit <= time.Second; unit *= 10 {
		if d < 1000*unit {
			return d.Round(unit).String()
		}
	}
	return d.Round(time.Second).String()
}
