package page

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
)

// A server serves a page over connections in memory, whose deadlines follow the clock of
// synctest. A connection holds nothing: what nobody reads is not written.
type server struct {
	t     *testing.T
	page  *Page
	conns chan net.Conn
	close sync.Once
	http  *http.Server
}

func (s *server) Accept() (net.Conn, error) {
	c, ok := <-s.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (s *server) Close() error {
	s.close.Do(func() { close(s.conns) })
	return nil
}

func (s *server) Addr() net.Addr { return &net.TCPAddr{} }

// serve runs f with a server that has the deadlines of the gateway.
func serve(t *testing.T, c Config, f func(*server)) {
	synctest.Test(t, func(t *testing.T) {
		c.Log = slog.New(slog.DiscardHandler)
		s := &server{t: t, page: New(c), conns: make(chan net.Conn)}
		mux := http.NewServeMux()
		s.page.Register(mux)
		s.http = &http.Server{Handler: mux, ReadTimeout: 20 * time.Second, WriteTimeout: 30 * time.Second}
		go func() { _ = s.http.Serve(s) }()
		defer func() {
			s.page.Close()
			require.NoError(t, s.http.Shutdown(context.Background()), "the streams end")
		}()
		f(s)
	})
}

// add adds events with these lines.
func (s *server) add(lines ...string) {
	for _, line := range lines {
		s.page.Add(&event.Event{Vendor: "relock"}, []byte(line))
	}
}

// A client reads a stream.
type client struct {
	t      *testing.T
	conn   net.Conn
	answer *http.Response
	lines  *bufio.Reader
}

type message struct{ id, name, data string }

func (s *server) connect(query string, header ...string) *client {
	s.t.Helper()
	near, far := net.Pipe()
	s.conns <- far
	r, err := http.NewRequest(http.MethodGet, "http://127.0.0.1/events"+query, nil)
	require.NoError(s.t, err)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	require.NoError(s.t, r.Write(near))
	answer, err := http.ReadResponse(bufio.NewReader(near), r)
	require.NoError(s.t, err)
	c := &client{t: s.t, conn: near, answer: answer, lines: bufio.NewReader(answer.Body)}
	s.t.Cleanup(c.close)
	return c
}

func (c *client) close() { _ = c.conn.Close() }

// next returns the next message, or false at the end of the stream.
func (c *client) next() (m message, ok bool) {
	for {
		line, err := c.lines.ReadString('\n')
		if err != nil {
			return m, false
		}
		field, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch field {
		case "":
			return m, true
		case "id":
			m.id = value
		case "event":
			m.name = value
		case "data":
			m.data += value
		}
	}
}

// until reads up to a message with this name or data, and returns the data of the events
// and the names of the others.
func (c *client) until(last string) (seen []string) {
	c.t.Helper()
	for {
		m, ok := c.next()
		require.True(c.t, ok, "the stream ended after %q", seen)
		if m.name == "counts" && last != "counts" {
			continue
		}
		what := m.data
		if m.name != "" {
			what = m.name
		}
		seen = append(seen, what)
		if what == last {
			return seen
		}
	}
}

func (c *client) hello() (h hello) {
	c.t.Helper()
	m, ok := c.next()
	require.True(c.t, ok)
	require.Equal(c.t, "hello", m.name)
	require.NoError(c.t, json.Unmarshal([]byte(m.data), &h))
	return h
}

func TestStream(t *testing.T) {
	serve(t, Config{Version: "v1", DeadLetters: true}, func(s *server) {
		s.add("1", "2")
		c := s.connect("")
		assert.Equal(t, "text/event-stream", c.answer.Header.Get("Content-Type"))
		assert.Equal(t, hello{Run: s.page.run, Version: "v1", DeadLetters: true, Token: s.page.token}, c.hello())
		assert.Equal(t, []string{"1", "2"}, c.until("2"))
		counts, ok := c.next()
		require.True(t, ok)
		assert.Contains(t, counts.data, `"total":2`)
		s.add("3")
		m, ok := c.next()
		require.True(t, ok)
		assert.Equal(t, message{id: s.page.run + "-3", data: "3"}, m)
	})
}

func TestLineBreaksDoNotEndAMessage(t *testing.T) {
	serve(t, Config{}, func(s *server) {
		s.add("{\"a\":\r\n\n1}\n\nevent: bye\ndata: x", "2")
		c := s.connect("")
		c.hello()
		assert.Equal(t, []string{`{"a":   1}  event: bye data: x`, "2"}, c.until("2"))
	})
}

func TestAStreamIsResumed(t *testing.T) {
	serve(t, Config{Events: 3}, func(s *server) {
		s.add("1", "2", "3", "4", "5")
		run := s.page.run
		for name, c := range map[string]struct {
			last    string
			resumed bool
			missed  uint64
			events  []string
		}{
			"first visit":             {"", false, 0, []string{"3", "4", "5"}},
			"in between":              {run + "-4", true, 0, []string{"5"}},
			"right before the oldest": {run + "-2", true, 0, []string{"3", "4", "5"}},
			"fallen behind":           {run + "-1", true, 1, []string{"3", "4", "5"}},
			"before the first":        {run + "-0", true, 2, []string{"3", "4", "5"}},
			"another run":             {"OTHERRUN-4", false, 2, []string{"3", "4", "5"}},
			"from the future":         {run + "-6", false, 2, []string{"3", "4", "5"}},
			"no number":               {run, false, 2, []string{"3", "4", "5"}},
			"nonsense":                {"-", false, 2, []string{"3", "4", "5"}},
		} {
			clients := []*client{s.connect("?after=" + c.last)}
			if c.last != "" { // the header is newer than the parameter
				clients = append(clients, s.connect("?after="+run+"-5", "Last-Event-ID", c.last))
			}
			for _, client := range clients {
				h := client.hello()
				assert.Equal(t, c.resumed, h.Resumed, name)
				assert.Equal(t, c.missed, h.Missed, name)
				assert.Equal(t, c.events, client.until("5"), name)
				client.close()
			}
		}
		up := s.connect("", "Last-Event-ID", run+"-5")
		assert.True(t, up.hello().Resumed)
		s.add("6")
		assert.Equal(t, []string{"6"}, up.until("6"), "nothing is sent twice")
	})
}

func TestAStreamOutlivesTheDeadlinesOfTheServer(t *testing.T) {
	serve(t, Config{}, func(s *server) {
		c := s.connect("")
		c.hello()
		begin := time.Now()
		beats := 0
		for time.Since(begin) < 10*time.Minute {
			m, ok := c.next()
			require.True(t, ok, "the stream ended after %v", time.Since(begin))
			assert.Equal(t, "counts", m.name)
			beats++
		}
		assert.InDelta(t, 40, beats, 2, "a sign of life every 15 seconds")
		s.add("1")
		assert.Equal(t, []string{"1"}, c.until("1"))
	})
}

func TestASlowReaderIsDropped(t *testing.T) {
	serve(t, Config{Events: 1000}, func(s *server) {
		slow, quick := s.connect(""), s.connect("")
		quick.hello()
		line := strings.Repeat("x", 1000)
		begin := time.Now()
		for i := range 100 {
			s.add(line, fmt.Sprint(i))
			quick.until(fmt.Sprint(i))
		}
		assert.Less(t, time.Since(begin), 100*batchInterval+time.Second, "the other reader is not delayed")
		assert.Len(t, s.page.slots, 2)
		time.Sleep(writeTimeout)
		synctest.Wait()
		assert.Len(t, s.page.slots, 1)
		rest, _ := io.ReadAll(slow.answer.Body)
		assert.Less(t, len(rest), 1<<20)
	})
}

func TestAReaderIsToldWhatItMisses(t *testing.T) {
	serve(t, Config{Events: 10}, func(s *server) {
		c := s.connect("")
		c.hello()
		c.until("counts")
		for i := range 100 {
			s.add(fmt.Sprint(i))
		}
		m, ok := c.next()
		require.True(t, ok)
		assert.Equal(t, message{name: "missed", data: `{"count":90}`}, m)
		assert.Equal(t, []string{"90", "91", "92", "93", "94", "95", "96", "97", "98", "99"}, c.until("99"))
	})
}

// TestAStreamIsLimitedInRate shows that an open page costs the gateway little under load.
func TestAStreamIsLimitedInRate(t *testing.T) {
	serve(t, Config{Events: 5000}, func(s *server) {
		for range 4999 {
			s.add("1")
		}
		s.add("end")
		c := s.connect("")
		c.hello()
		begin := time.Now()
		c.until("end")
		assert.InDelta(t, 5000/batchLines*batchInterval, time.Since(begin), float64(batchInterval))
	})
}

func TestStreamsAreLimitedInNumber(t *testing.T) {
	serve(t, Config{Readers: 2}, func(s *server) {
		first, second := s.connect(""), s.connect("")
		first.hello()
		second.hello()
		third := s.connect("")
		assert.Equal(t, http.StatusServiceUnavailable, third.answer.StatusCode)
		assert.Equal(t, "10", third.answer.Header.Get("Retry-After"))
		third.close()

		first.close()
		synctest.Wait()
		assert.Equal(t, http.StatusOK, s.connect("").answer.StatusCode)
	})
}

func TestCloseSendsWhatIsLeft(t *testing.T) {
	serve(t, Config{}, func(s *server) {
		c := s.connect("")
		c.hello()
		c.until("counts")
		s.add("1")
		c.until("1") // now the stream pauses
		for i := range 600 {
			s.add(fmt.Sprint("last ", i))
		}
		s.page.Close()
		s.page.Close()
		seen := c.until("bye")
		assert.Len(t, seen, 601)
		assert.Equal(t, "last 599", seen[599])
		_, ok := c.next()
		assert.False(t, ok, "the stream ends")
		assert.Equal(t, http.StatusServiceUnavailable, s.connect("").answer.StatusCode)
	})
}

// TestCloseDoesNotWaitForASlowReader is of a browser that reads nothing at all.
func TestCloseDoesNotWaitForASlowReader(t *testing.T) {
	serve(t, Config{}, func(s *server) {
		s.connect("")
		s.add(strings.Repeat("x", 100_000))
		synctest.Wait()
		begin := time.Now()
		s.page.Close()
		require.NoError(t, s.http.Shutdown(context.Background()))
		assert.Less(t, time.Since(begin), writeTimeout+2*time.Second)
	})
}

// A HEAD request takes no place: it would keep it, since it is never slow to read.
func TestHeadTakesNoPlace(t *testing.T) {
	p := New(Config{Readers: 1})
	mux := http.NewServeMux()
	p.Register(mux)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodHead, "/events", nil))
	assert.Equal(t, http.StatusOK, w.Code)
	assert.Equal(t, "text/event-stream", w.Header().Get("Content-Type"))
	assert.Empty(t, p.slots)
}

func TestRefusalsAreLoggedSparingly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		p := New(Config{Readers: 1, Log: slog.New(slog.NewTextHandler(&log, nil))})
		p.slots <- struct{}{}
		for range 1000 {
			w := httptest.NewRecorder()
			p.serveEvents(w, httptest.NewRequest(http.MethodGet, "/events", nil))
			assert.Equal(t, http.StatusServiceUnavailable, w.Code)
		}
		assert.Equal(t, 10, strings.Count(log.String(), "a live page was refused"))
	})
}
