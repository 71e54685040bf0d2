package page

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// Between two writes to a browser. With batchLines it limits a stream to some 5,000
	// events a second, so that an open page does not slow the gateway under load.
	batchInterval = 50 * time.Millisecond
	batchLines    = 256
	batchBytes    = 256 << 10 // a batch ends with the line that exceeds it

	// Counts are sent at least this often. A browser that hears nothing for longer
	// connects again, and a proxy does not close the connection.
	heartbeat = 15 * time.Second

	// A browser that takes longer for one batch is dropped.
	writeTimeout = 10 * time.Second

	// How long a stream may take to send what is left after Close.
	closeTimeout = time.Second

	reconnectDelay = 2 * time.Second
)

// hello is the first message of a stream.
type hello struct {
	Run         string `json:"run"`
	Version     string `json:"version"`
	DeadLetters bool   `json:"deadLetters"`
	Token       string `json:"token"`
	Resumed     bool   `json:"resumed"` // the stream goes on after the event that the browser has had last
	Missed      uint64 `json:"missed"`  // events since then that are no longer held
}

// serveEvents serves the events that are held and those to come, as server-sent events:
//
//	hello   once, first
//	counts  events by minute and vendor: all that are held first, then those that may have changed
//	missed  a number of events that came faster than they could be sent
//	bye     once, last: the gateway stops, and all events up to here were sent
//
// A message without a name is a CloudEvent. Its ID is the run of the gateway and the
// number of the event in it. A browser that connects again sends it as Last-Event-ID, or
// as the parameter after. If that event is of this run, the stream continues after it.
// Otherwise all events that are held are sent, and the browser leaves out those that it
// has already.
func (p *Page) serveEvents(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead { // it would keep a place, and never be slow
		w.Header().Set("Content-Type", "text/event-stream")
		return
	}
	select {
	case <-p.closed:
		refuse(w, "the gateway stops")
		return
	default:
	}
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	default:
		if p.refusals.Allow() {
			p.log.Warn("a live page was refused: too many are open", "limit", cap(p.slots))
		}
		refuse(w, "too many pages are open")
		return
	}
	last := r.Header.Get("Last-Event-ID")
	if last == "" {
		last = r.URL.Query().Get("after")
	}
	s := &stream{page: p, w: w, rc: http.NewResponseController(w), lines: make([][]byte, 0, batchLines)}
	if s.rc.SetWriteDeadline(time.Time{}) != nil { // instead of the server's, for a short answer
		http.Error(w, "streams are not supported here", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // nginx sends it on at once
	s.greet(last)
	s.run(r)
}

func refuse(w http.ResponseWriter, why string) {
	w.Header().Set("Retry-After", "10")
	http.Error(w, why, http.StatusServiceUnavailable)
}

// A stream sends events to one browser.
type stream struct {
	page *Page
	w    http.ResponseWriter
	rc   *http.ResponseController

	next   uint64   // number of the event to send next
	minute int64    // counts before it were sent
	lines  [][]byte // of the current batch, reused
	buf    []byte   // what to write next, reused
}

// greet writes the first message and decides where the stream begins, after the event
// with the ID last.
func (s *stream) greet(last string) {
	p := s.page
	run, number, _ := strings.Cut(last, "-")
	n, err := strconv.ParseUint(number, 10, 64)
	p.mu.Lock()
	first, next := p.ring.first, p.ring.next
	p.mu.Unlock()
	h := hello{Run: p.run, Version: p.config.Version, DeadLetters: p.config.DeadLetters, Token: p.token}
	s.next = first
	if err == nil && run == p.run && n < next {
		h.Resumed = true
		s.next = max(n+1, first)
		h.Missed = s.next - (n + 1)
	} else if last != "" {
		h.Missed = first - 1
	}
	s.buf = append(s.buf, "retry: "+strconv.FormatInt(reconnectDelay.Milliseconds(), 10)+"\n"...)
	s.message("hello", h)
}

// run sends events until the browser is gone or too slow, or the page is closed.
func (s *stream) run(r *http.Request) {
	p := s.page
	pause := time.NewTimer(0)
	defer pause.Stop()
	beat := time.NewTimer(heartbeat)
	defer beat.Stop()
	for {
		added := s.fill()
		if len(s.buf) > 0 {
			if s.flush(writeTimeout) != nil {
				return
			}
			beat.Reset(heartbeat)
			pause.Reset(batchInterval)
			select {
			case <-pause.C:
			case <-r.Context().Done():
				return
			case <-p.closed:
				s.finish()
				return
			}
			continue
		}
		select {
		case <-added:
		case <-beat.C:
			s.appendCounts()
		case <-r.Context().Done():
			return
		case <-p.closed:
			s.finish()
			return
		}
	}
}

// finish sends what is left.
func (s *stream) finish() {
	end := time.Now().Add(closeTimeout)
	for left := closeTimeout; left > 0; left = time.Until(end) {
		s.fill()
		done := len(s.buf) == 0
		if done {
			s.message("bye", struct{}{})
		}
		if s.flush(left) != nil || done {
			return
		}
	}
}

// fill appends the next batch of events to the buffer, with the counts. If there is none,
// it returns a channel that is closed when there is.
func (s *stream) fill() (added <-chan struct{}) {
	p := s.page
	p.mu.Lock()
	lines, from := p.ring.read(s.lines, s.next, batchBytes)
	if len(lines) == 0 && from == s.next {
		if p.added == nil {
			p.added = make(chan struct{})
		}
		added = p.added
	}
	p.mu.Unlock()

	if missed := from - s.next; missed > 0 {
		s.message("missed", map[string]uint64{"count": missed})
	}
	for i, line := range lines {
		s.event(from+uint64(i), line)
	}
	s.next = from + uint64(len(lines))
	clear(lines) // they are held no longer than the ring holds them
	if added == nil || s.minute == 0 {
		s.appendCounts()
	}
	return added
}

func (s *stream) appendCounts() {
	now := time.Now()
	s.page.mu.Lock()
	message := s.page.counts.since(s.minute, now)
	s.page.mu.Unlock()
	s.minute = now.Unix() / 60
	s.message("counts", message)
}

func (s *stream) message(name string, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // of this package's own types
	}
	s.buf = append(s.buf, "event: "+name+"\n"...)
	s.data(data)
}

func (s *stream) event(number uint64, line []byte) {
	s.buf = append(s.buf, "id: "+s.page.run+"-"...)
	s.buf = strconv.AppendUint(s.buf, number, 10)
	s.buf = append(s.buf, '\n')
	s.data(line)
}

// data appends the data of a message and ends it. Line breaks, which JSON has only as
// white space, would end a field.
func (s *stream) data(json []byte) {
	s.buf = append(s.buf, "data: "...)
	begin := len(s.buf)
	s.buf = append(s.buf, json...)
	if added := s.buf[begin:]; bytes.ContainsAny(added, "\r\n") {
		for i, c := range added {
			if c == '\r' || c == '\n' {
				added[i] = ' '
			}
		}
	}
	s.buf = append(s.buf, "\n\n"...)
}

// flush writes the buffer. An error ends the stream.
func (s *stream) flush(timeout time.Duration) error {
	if err := s.rc.SetWriteDeadline(time.Now().Add(timeout)); err != nil {
		return err
	}
	_, err := s.w.Write(s.buf)
	s.buf = s.buf[:0]
	if cap(s.buf) > 4*batchBytes {
		s.buf = nil // there was a huge event
	}
	if err != nil {
		return err
	}
	return s.rc.Flush()
}
