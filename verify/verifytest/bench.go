package verifytest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

// A bench is an endpoint behind a real server, with everything that comes out of
// it on record.
type bench struct {
	v        Vendor
	hook     *verify.Endpoint
	server   *httptest.Server
	mu       sync.Mutex
	events   []*event.Event
	observed []verify.Observation
	log      bytes.Buffer
	handle   func(context.Context, *event.Event) error
}

func (v Vendor) bench(change func(*verify.Config)) (*bench, error) {
	b := &bench{v: v}
	c := verify.Config{
		Logger:  slog.New(slog.NewTextHandler(lockedWriter{b}, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Observe: func(_ context.Context, o verify.Observation) { b.record(func() { b.observed = append(b.observed, o) }) },
	}
	if change != nil {
		change(&c)
	}
	var err error
	if b.hook, err = v.New(event.Secrets(v.Credentials[:2]...), c); err != nil {
		return nil, fmt.Errorf("making an endpoint: %w", err)
	}
	b.server = httptest.NewServer(b.hook.Handler(event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
		b.record(func() { b.events = append(b.events, e) })
		if b.handle != nil {
			return b.handle(ctx, e)
		}
		return nil
	})))
	b.server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	return b, nil
}

func (b *bench) close() { b.server.Close() }

func (b *bench) record(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
}

type lockedWriter struct{ b *bench }

func (w lockedWriter) Write(p []byte) (n int, err error) {
	w.b.record(func() { n, err = w.b.log.Write(p) })
	return n, err
}

// request makes a genuine request with the given payload and credential.
func (b *bench) request(credential string, p payload) (*http.Request, error) {
	return b.v.request(b.server.URL, credential, p.header, b.v.fill(p.body, credential))
}

// refuses checks that a request is not authentic, without sending it.
func (b *bench) refuses(r *http.Request, body []byte) error {
	if _, err := b.hook.Check(r, body); !errors.Is(err, verify.ErrUnauthenticated) {
		return fmt.Errorf("Check returned %v, want %v", err, verify.ErrUnauthenticated)
	}
	return nil
}

// An answer is what came back, and the events that were handed over meanwhile.
type answer struct {
	status int
	header http.Header
	body   string
	closed bool // the server says that it closes the connection
	events []*event.Event
}

func (b *bench) send(r *http.Request) (answer, error) {
	var before int
	b.record(func() { before = len(b.events) })
	res, err := b.server.Client().Do(r)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{}, err
	}
	a := answer{status: res.StatusCode, header: res.Header, body: string(text), closed: res.Close}
	b.record(func() { a.events = slices.Clone(b.events[before:]) })
	return a, nil
}

// raw sends text on a connection of its own and reads one answer. With hold it
// keeps the connection open after the text, as a sender does who has not
// finished.
func (b *bench) raw(text string, hold bool) (answer, error) {
	var before int
	b.record(func() { before = len(b.events) })
	conn, err := net.Dial("tcp", b.server.Listener.Addr().String())
	if err != nil {
		return answer{}, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return answer{}, err
	}
	if _, err := io.WriteString(conn, text); err != nil {
		return answer{}, err
	}
	if !hold {
		_ = conn.(*net.TCPConn).CloseWrite()
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return answer{}, fmt.Errorf("no answer: %w", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{}, err
	}
	a := answer{status: res.StatusCode, header: res.Header, body: string(body), closed: res.Close}
	b.record(func() { a.events = slices.Clone(b.events[before:]) })
	return a, nil
}

// head writes the request line and headers of r, without those of its length.
func head(r *http.Request) string {
	var s strings.Builder
	fmt.Fprintf(&s, "POST / HTTP/1.1\r\nHost: %s\r\n", r.URL.Host)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		for _, value := range r.Header[name] {
			fmt.Fprintf(&s, "%s: %s\r\n", name, value)
		}
	}
	return s.String()
}

// expect checks an answer: its status, that callbacks were called only if it was
// accepted, and that its body is one of the fixed texts.
func (a answer) expect(status int) error {
	if a.status != status {
		return fmt.Errorf("answered %d, want %d", a.status, status)
	}
	if a.header.Get("Content-Type") != "application/json" {
		return fmt.Errorf("answered with Content-Type %q", a.header.Get("Content-Type"))
	}
	if want := texts[status]; a.body != want {
		return fmt.Errorf("answered %q, want %q", a.body, want)
	}
	if status != http.StatusOK && status < 500 && len(a.events) > 0 {
		return errors.New("a callback was called for a request that was refused")
	}
	return nil
}

// undecodable sends a body that cannot be decoded, and expects a status. If the body
// was verified, a callback gets it as an event of type unknown.
func (b *bench) undecodable(body []byte, status int) error {
	r, err := b.request(b.v.Credentials[0], payload{body: body})
	if err != nil {
		return err
	}
	a, err := b.send(r)
	if err != nil {
		return err
	}
	events := a.events
	a.events = nil
	if err := a.expect(status); err != nil {
		return err
	}
	if status != http.StatusBadRequest {
		if len(events) > 0 {
			return errors.New("a callback was called for a request that was refused")
		}
		return nil
	}
	e, err := answer{events: events}.event()
	if err != nil {
		return err
	}
	if e.Type != event.Unknown || e.Payload != nil || !bytes.Equal(e.Raw, b.v.fill(body, b.v.Credentials[0])) {
		return fmt.Errorf("want an event of type unknown with the body and no payload, got %s with %d bytes and %T", e.Type, len(e.Raw), e.Payload)
	}
	return b.v.roundTrip(e)
}

// texts are the answers that a sender may get, whatever went wrong.
var texts = map[int]string{
	200: `{"received":true}`,
	400: `{"error":"bad request"}`,
	401: `{"error":"unauthorized"}`,
	405: `{"error":"method not allowed"}`,
	408: `{"error":"request timeout"}`,
	413: `{"error":"request body too large"}`,
	415: `{"error":"unsupported content encoding"}`,
	500: `{"error":"internal server error"}`,
	503: `{"error":"service unavailable"}`,
}

// sendExpect sends r and expects a status.
func (b *bench) sendExpect(r *http.Request, status int) (answer, error) {
	a, err := b.send(r)
	if err == nil {
		err = a.expect(status)
	}
	return a, err
}

// expect sends a payload with the first credential and expects a status.
func (b *bench) expect(p payload, status int) (answer, error) {
	r, err := b.request(b.v.Credentials[0], p)
	if err != nil {
		return answer{}, err
	}
	return b.sendExpect(r, status)
}

// event sends a payload with the first credential and expects one event.
func (b *bench) event(p payload) (*event.Event, error) {
	a, err := b.expect(p, http.StatusOK)
	if err != nil {
		return nil, err
	}
	return a.event()
}

// event returns the one event that a callback got.
func (a answer) event() (*event.Event, error) {
	if len(a.events) != 1 {
		return nil, fmt.Errorf("%d events, want 1", len(a.events))
	}
	return a.events[0], nil
}

// unreadable is the status of a body that is no JSON object. If the credential is a
// part of the body, one between quotes is enough to verify it.
func (v Vendor) unreadable(body []byte) int {
	if v.Header == "" && !bytes.Contains(body, []byte(`"`+Placeholder+`"`)) {
		return http.StatusUnauthorized
	}
	return http.StatusBadRequest
}

// ambiguous is the status of an object that two readers could understand differently.
func (v Vendor) ambiguous() int {
	if v.Header == "" {
		return http.StatusUnauthorized
	}
	return http.StatusBadRequest
}
