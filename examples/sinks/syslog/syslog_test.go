package syslog_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/examples/sinks"
	"github.com/accesshook/accesshook/examples/sinks/internal/sinktest"
	"github.com/accesshook/accesshook/examples/sinks/syslog"
)

var _ sinks.Sink = (*syslog.Sink)(nil)

// A receiver takes one connection after another.
type receiver struct {
	net.Listener
	t *testing.T
}

func listen(t *testing.T) *receiver {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return &receiver{l, t}
}

func (r *receiver) url() string { return "tcp://" + r.Addr().String() }

// accept returns the next connection, and a reader of it.
func (r *receiver) accept() (net.Conn, *bufio.Reader) {
	conn, err := r.Accept()
	if !assert.NoError(r.t, err) {
		return nil, nil
	}
	r.t.Cleanup(func() { _ = conn.Close() })
	return conn, bufio.NewReader(conn)
}

// next reads a message by its length.
func next(r *bufio.Reader) (string, error) {
	length, err := r.ReadString(' ')
	if err != nil {
		return "", err
	}
	n, err := strconv.Atoi(strings.TrimSuffix(length, " "))
	if err != nil {
		return "", err
	}
	message := make([]byte, n)
	_, err = io.ReadFull(r, message)
	return string(message), err
}

// ids returns the IDs of the next n messages.
func ids(t *testing.T, r *bufio.Reader, n int) []string {
	t.Helper()
	var list []string
	for range n {
		message, err := next(r)
		require.NoError(t, err)
		_, id, ok := strings.Cut(message, " externalId=")
		require.True(t, ok, message)
		id, _, _ = strings.Cut(id, " ")
		list = append(list, id)
	}
	return list
}

func open(t *testing.T, c syslog.Config) *syslog.Sink {
	t.Helper()
	sink, err := syslog.New(c)
	require.NoError(t, err)
	sink.SetSettle(0)
	t.Cleanup(func() { assert.NoError(t, sink.Close()) })
	return sink
}

func taken(t *testing.T, errs []error) {
	t.Helper()
	for _, err := range errs {
		require.NoError(t, err)
	}
}

// failed returns the error that all of n events have.
func failed(t *testing.T, errs []error, n int) error {
	t.Helper()
	require.Len(t, errs, n)
	for _, err := range errs {
		require.Error(t, err)
		_, unavailable := event.IsUnavailable(err)
		assert.True(t, unavailable, err)
		assert.False(t, event.IsPermanent(err))
	}
	return errs[0]
}

func TestMessages(t *testing.T) {
	r := listen(t)
	sink := open(t, syslog.Config{URL: r.url(), Hostname: "gateway"})
	taken(t, sink.Send(t.Context(), sinktest.Events(2)))
	taken(t, sink.Send(t.Context(), sinktest.Events(1)))
	_, messages := r.accept()
	message, err := next(messages)
	require.NoError(t, err)
	assert.Regexp(t, `^<86>1 2026-11-03T08:30:00Z gateway accesshook - session\.started - CEF:0\|Relock\|.*externalId=id-0 `, message)
	assert.Empty(t, cmp.Diff([]string{"id-1", "id-0"}, ids(t, messages, 2)), "one connection for both")
	assert.Empty(t, sink.Send(t.Context(), nil))
}

func TestHostnameOfTheSystem(t *testing.T) {
	hostname, err := os.Hostname()
	require.NoError(t, err)
	r := listen(t)
	taken(t, open(t, syslog.Config{URL: r.url()}).Send(t.Context(), sinktest.Events(1)))
	_, messages := r.accept()
	message, err := next(messages)
	require.NoError(t, err)
	assert.Contains(t, message, " "+hostname+" accesshook ")
}

func TestSettings(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text")
	require.NoError(t, os.WriteFile(text, []byte("text"), 0o600))
	const wrong = "syslog: Config.URL is not tcp:// or tls:// with a host and a port"
	for name, test := range map[string]struct {
		c    syslog.Config
		want string
	}{
		"empty":          {syslog.Config{}, wrong},
		"UDP":            {syslog.Config{URL: "udp://siem.example.com:514"}, wrong},
		"no port":        {syslog.Config{URL: "tls://siem.example.com"}, wrong},
		"no host":        {syslog.Config{URL: "tcp://:514"}, wrong},
		"unreadable":     {syslog.Config{URL: "tcp://canary@siem:x"}, wrong},
		"password":       {syslog.Config{URL: "tcp://user:canary@siem.example.com:514"}, wrong},
		"path":           {syslog.Config{URL: "tcp://siem.example.com:514/canary"}, wrong},
		"query":          {syslog.Config{URL: "tcp://siem.example.com:514?canary"}, wrong},
		"small messages": {syslog.Config{URL: "tcp://siem.example.com:514", MaxBytes: 2047}, "syslog: Config.MaxBytes is less than 2048"},
		"negative":       {syslog.Config{URL: "tcp://siem.example.com:514", Timeout: -1}, "syslog: Config.Timeout is negative"},
		"CA without TLS": {syslog.Config{URL: "tcp://siem.example.com:514", CAFile: text}, "syslog: Config.CAFile has no effect with tcp://"},
		"no CA":          {syslog.Config{URL: "tls://siem.example.com:6514", CAFile: text}, "syslog: Config.CAFile has no certificate in PEM"},
		"right":          {syslog.Config{URL: "tls://siem.example.com:6514"}, ""},
		"IPv6":           {syslog.Config{URL: "tcp://[2001:db8::1]:514"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := syslog.New(test.c)
			if test.want == "" {
				assert.NoError(t, err)
				return
			}
			assert.EqualError(t, err, test.want)
		})
	}
}

// A connection that the receiver has closed is noticed before the next events are written.
func TestReceiverCloses(t *testing.T) {
	for name, end := range map[string]func(*net.TCPConn){
		"closes":                func(c *net.TCPConn) { _ = c.Close() },
		"resets":                func(c *net.TCPConn) { _ = c.SetLinger(0); _ = c.Close() },
		"closes its side":       func(c *net.TCPConn) { _ = c.CloseWrite() },
		"sends without an end":  func(c *net.TCPConn) { _, _ = io.Copy(c, endless{}) },
		"sends garbage, closes": func(c *net.TCPConn) { _, _ = io.WriteString(c, "500 garbage\r\n"); _ = c.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			r := listen(t)
			sink := open(t, syslog.Config{URL: r.url()})
			for range 3 {
				taken(t, sink.Send(t.Context(), sinktest.Events(2)))
				conn, messages := r.accept()
				assert.Empty(t, cmp.Diff([]string{"id-0", "id-1"}, ids(t, messages, 2)))
				end(conn.(*net.TCPConn))
				<-sink.Gone()
			}
		})
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// What a receiver says does not matter.
func TestReceiverTalks(t *testing.T) {
	r := listen(t)
	sink := open(t, syslog.Config{URL: r.url()})
	taken(t, sink.Send(t.Context(), sinktest.Events(1)))
	conn, messages := r.accept()
	_, err := io.WriteString(conn, "220 welcome\r\n")
	require.NoError(t, err)
	taken(t, sink.Send(t.Context(), sinktest.Events(1)))
	ids(t, messages, 2)
}

// large returns events of some kilobytes each.
func large(n int) []*event.Event {
	events := sinktest.Events(n)
	for _, e := range events {
		e.Reason, e.Client.UserAgent = strings.Repeat("r", 1000), strings.Repeat("a", 1000)
	}
	return events
}

// A receiver that reads nothing is not waited for without an end.
func TestReceiverHangs(t *testing.T) {
	r := listen(t)
	sink := open(t, syslog.Config{URL: r.url(), Timeout: 100 * time.Millisecond})
	sink.UseSmallBuffer()
	events := large(3000)
	err := failed(t, sink.Send(t.Context(), events), len(events))
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	assert.EqualError(t, err, "syslog: "+r.Addr().String()+" did not take the events in time")
}

// If a connection breaks while events are written, all of them are to be sent again.
func TestReceiverDiesInTheMiddle(t *testing.T) {
	r := listen(t)
	sink := open(t, syslog.Config{URL: r.url()})
	sink.UseSmallBuffer()
	go func() {
		conn, messages := r.accept()
		_ = conn.(*net.TCPConn).SetReadBuffer(16 << 10)
		_, _ = next(messages)
		_ = conn.(*net.TCPConn).SetLinger(0)
		_ = conn.Close()
	}()
	events := large(3000)
	failed(t, sink.Send(t.Context(), events), len(events))
	taken(t, sink.Send(t.Context(), sinktest.Events(2)))
	_, messages := r.accept()
	assert.Empty(t, cmp.Diff([]string{"id-0", "id-1"}, ids(t, messages, 2)))
}

func TestCancelled(t *testing.T) {
	r := listen(t)
	sink := open(t, syslog.Config{URL: r.url()})
	sink.UseSmallBuffer()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		conn, messages := r.accept()
		_ = conn.(*net.TCPConn).SetReadBuffer(16 << 10)
		_, _ = next(messages)
		cancel()
	}()
	events := large(3000)
	assert.ErrorIs(t, failed(t, sink.Send(ctx, events), len(events)), context.Canceled)
	failed(t, sink.Send(ctx, sinktest.Events(2)), 2)

	taken(t, sink.Send(t.Context(), sinktest.Events(2)))
	_, messages := r.accept()
	assert.Empty(t, cmp.Diff([]string{"id-0", "id-1"}, ids(t, messages, 2)))
}

// A receiver, or a load balancer without one, that closes each connection at once takes
// nothing.
func TestConnectionIsRefusedLate(t *testing.T) {
	r := listen(t)
	go func() {
		for {
			conn, err := r.Accept()
			if err != nil {
				return
			}
			_ = conn.Close()
		}
	}()
	sink := open(t, syslog.Config{URL: r.url(), Timeout: time.Hour})
	sink.SetSettle(time.Hour)
	assert.ErrorContains(t, failed(t, sink.Send(t.Context(), sinktest.Events(2)), 2), "closed the connection")
}

func TestNobodyListens(t *testing.T) {
	r := listen(t)
	require.NoError(t, r.Close())
	err := failed(t, open(t, syslog.Config{URL: r.url()}).Send(t.Context(), sinktest.Events(2)), 2)
	assert.ErrorIs(t, err, syscall.ECONNREFUSED)
	assert.EqualError(t, err, "syslog: "+r.Addr().String()+" failed: connection refused")
}

func TestClose(t *testing.T) {
	r := listen(t)
	sink := open(t, syslog.Config{URL: r.url()})
	taken(t, sink.Send(t.Context(), sinktest.Events(1)))
	require.NoError(t, sink.Close())
	require.NoError(t, sink.Close())
	assert.ErrorContains(t, failed(t, sink.Send(t.Context(), sinktest.Events(1)), 1), "the sink is closed")
	_, messages := r.accept()
	ids(t, messages, 1)
	_, err := messages.ReadByte()
	assert.Equal(t, io.EOF, err)
}

// One event that cannot be encoded does not hold up the others.
func TestEncodingFails(t *testing.T) {
	r := listen(t)
	sink := open(t, syslog.Config{URL: r.url()})
	events := sinktest.Events(3)
	events[1].ID = ""
	errs := sink.Send(t.Context(), events)
	assert.NoError(t, errs[0])
	assert.True(t, event.IsPermanent(errs[1]))
	assert.NoError(t, errs[2])
	_, messages := r.accept()
	assert.Empty(t, cmp.Diff([]string{"id-0", "id-2"}, ids(t, messages, 2)))
	assert.True(t, event.IsPermanent(sink.Send(t.Context(), events[1:2])[0]))
}

// certificate returns a certificate for 127.0.0.1 and example.com, and a file that has it.
func certificate(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	return server.TLS.Certificates[0], sinktest.CertificateFile(t, server)
}

func TestTLS(t *testing.T) {
	pair, file := certificate(t)
	plain := listen(t)
	secure := &receiver{tls.NewListener(plain, &tls.Config{Certificates: []tls.Certificate{pair}}), t}
	_, port, err := net.SplitHostPort(secure.Addr().String())
	require.NoError(t, err)
	received := make(chan string)
	go func() {
		for {
			conn, err := secure.Accept()
			if err != nil {
				close(received)
				return
			}
			message, err := next(bufio.NewReader(conn))
			if err == nil {
				received <- message
			}
			_ = conn.Close()
		}
	}()
	for name, test := range map[string]struct {
		c    syslog.Config
		want string
	}{
		"unknown authority": {syslog.Config{URL: "tls://127.0.0.1:" + port}, "has a certificate of an unknown authority"},
		"another name":      {syslog.Config{URL: "tls://localhost:" + port, CAFile: file}, "has a certificate for another name"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.ErrorContains(t, failed(t, open(t, test.c).Send(t.Context(), sinktest.Events(2)), 2), test.want)
		})
	}
	t.Run("right", func(t *testing.T) {
		sink := open(t, syslog.Config{URL: "tls://127.0.0.1:" + port, CAFile: file})
		for range 2 {
			taken(t, sink.Send(t.Context(), sinktest.Events(1)))
			assert.Contains(t, <-received, "externalId=id-0")
			<-sink.Gone() // by close_notify
		}
	})
	t.Run("receiver has no TLS", func(t *testing.T) {
		r := listen(t)
		go func() {
			conn, messages := r.accept()
			_, _ = messages.ReadByte()
			_, _ = io.WriteString(conn, "220 welcome\r\n")
		}()
		sink := open(t, syslog.Config{URL: "tls" + strings.TrimPrefix(r.url(), "tcp"), CAFile: file})
		assert.ErrorContains(t, failed(t, sink.Send(t.Context(), sinktest.Events(2)), 2), "does not answer with TLS")
	})
	t.Run("handshake hangs", func(t *testing.T) {
		r := listen(t)
		sink := open(t, syslog.Config{URL: "tls" + strings.TrimPrefix(r.url(), "tcp"), CAFile: file, Timeout: 50 * time.Millisecond})
		assert.ErrorIs(t, failed(t, sink.Send(t.Context(), sinktest.Events(2)), 2), context.DeadlineExceeded)
	})
	require.NoError(t, secure.Close())
	_, open := <-received
	assert.False(t, open, "nothing else was received")
}

// fill sets every string below v to text, but for those that tell events apart.
func fill(v reflect.Value, text string) {
	for i := range v.NumField() {
		switch f := v.Field(i); {
		case f.Kind() == reflect.Struct && f.Type().PkgPath() == v.Type().PkgPath():
			fill(f, text)
		case f.Kind() == reflect.String && f.Type().PkgPath() == "" && f.String() == "":
			f.SetString(text)
		}
	}
}

// A message is never larger than receivers take, whatever the fields, and none is left out.
func TestLongFieldsAreCut(t *testing.T) {
	for _, text := range []string{strings.Repeat("x", 5000), strings.Repeat("=", 5000), strings.Repeat("é", 5000), strings.Repeat("\u202e", 5000), "\xff" + strings.Repeat("\xc3", 5000)} {
		for _, limit := range []int{2048, 8192} {
			t.Run(fmt.Sprintf("%.4q, %d", text, limit), func(t *testing.T) {
				e := sinktest.Events(1)[0]
				e.User.ID = ""
				fill(reflect.ValueOf(e).Elem(), text)
				before := *e
				r := listen(t)
				sink := open(t, syslog.Config{URL: r.url(), MaxBytes: limit, Hostname: "gateway"})
				taken(t, sink.Send(t.Context(), []*event.Event{e, sinktest.Events(1)[0]}))
				_, messages := r.accept()
				message, err := next(messages)
				require.NoError(t, err)
				assert.LessOrEqual(t, len(message), limit)
				assert.Equal(t, strings.HasPrefix(text, "\xff"), strings.Contains(message, "\ufffd"), "characters are whole")
				for _, key := range []string{"externalId=id-0", "suser=", "requestClientApplication=", "reason=", "cs1=", "cs3=", "cs6=", "accesshookTimezone="} {
					assert.Contains(t, message, " "+key)
				}
				assert.Empty(t, cmp.Diff([]string{"id-0"}, ids(t, messages, 1)), "the length is right")
				assert.Equal(t, before.Reason, e.Reason, "the event is not changed")
			})
		}
	}
}

// What fits is not cut, and long fields leave short ones alone.
func TestShortFieldsAreNotCut(t *testing.T) {
	long, short := strings.Repeat("s", 4000), strings.Repeat("a", 1000)
	e := sinktest.Events(1)[0]
	e.Session.ID, e.Client.UserAgent, e.Location.City = long, short, "Reykjavik"
	r := listen(t)
	sink := open(t, syslog.Config{URL: r.url()})
	fits := *e
	e.Session.Type = long
	taken(t, sink.Send(t.Context(), []*event.Event{&fits, e}))
	_, messages := r.accept()
	for _, want := range []string{long, long[:1024]} {
		message, err := next(messages)
		require.NoError(t, err)
		assert.Contains(t, message, " cs1="+want+" ")
		assert.Contains(t, message, short)
		assert.Contains(t, message, "Reykjavik")
	}
}

// Concurrent calls do not mix their messages.
func TestConcurrentSends(t *testing.T) {
	r := listen(t)
	sink := open(t, syslog.Config{URL: r.url()})
	done := make(chan []error)
	for range 10 {
		go func() { done <- sink.Send(t.Context(), large(20)) }()
	}
	_, messages := r.accept()
	assert.Len(t, ids(t, messages, 200), 200)
	for range 10 {
		taken(t, <-done)
	}
}
