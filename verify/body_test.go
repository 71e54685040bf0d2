package verify_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

// serveBoth serves HTTP/1 and HTTP/2 on one port without TLS, and tells of each
// request what was observed.
func serveBoth(t *testing.T, front func(http.Handler) http.Handler) (*httptest.Server, <-chan verify.Observation) {
	seen := make(chan verify.Observation, 10)
	hook := newEndpoint(t, verify.Config{Observe: func(_ context.Context, o verify.Observation) { seen <- o }})
	server := httptest.NewUnstartedServer(front(hook.Handler(event.NewMux())))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.Close)
	return server, seen
}

func observed(t *testing.T, seen <-chan verify.Observation) verify.Observation {
	t.Helper()
	select {
	case o := <-seen:
		return o
	case <-time.After(time.Minute):
		require.FailNow(t, "nothing was observed")
		return verify.Observation{}
	}
}

// Something in front of the endpoint has read the body: that is no forgery, and
// the log must say so. The vendor may try again.
func TestBodyReadBefore(t *testing.T) {
	server, seen := serveBoth(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.ReadAll(r.Body)
			next.ServeHTTP(w, r)
		})
	})
	for name, protocol := range map[string]func(*http.Protocols, bool){
		"HTTP/1": (*http.Protocols).SetHTTP1, "HTTP/2": (*http.Protocols).SetUnencryptedHTTP2,
	} {
		t.Run(name, func(t *testing.T) {
			transport := &http.Transport{Protocols: new(http.Protocols)}
			protocol(transport.Protocols, true)
			defer transport.CloseIdleConnections()
			client := &http.Client{Transport: transport}

			res, err := client.Do(signed(t, server.URL, "{}"))
			require.NoError(t, err)
			body, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			res.Body.Close()
			assert.Equal(t, name, strings.TrimSuffix(res.Proto, ".1")[:6])
			assert.Equal(t, http.StatusInternalServerError, res.StatusCode)
			assert.Equal(t, `{"error":"internal server error"}`, string(body))
			o := observed(t, seen)
			assert.EqualError(t, o.Err, "verify: body is empty although Content-Length is 2: something has read it before")
			assert.NotErrorIs(t, o.Err, verify.ErrUnauthenticated)

			// An empty body is an empty body.
			res, err = client.Do(signed(t, server.URL, ""))
			require.NoError(t, err)
			res.Body.Close()
			assert.Equal(t, http.StatusBadRequest, res.StatusCode)
			assert.ErrorIs(t, observed(t, seen).Err, verify.ErrMalformed)
		})
	}
}

// A sender cannot bring about the 500 of a body that was read before: what it
// announces and does not send is a body that broke off.
func TestSenderCannotFeignABodyReadBefore(t *testing.T) {
	const (
		data, headers, reset, settings = 0, 1, 3, 4
		endStream, endHeaders          = 1, 4
	)
	head := "POST / HTTP/1.1\r\nHost: localhost\r\n" + sigHeader + ": " + sign(testSecret, "{}") + "\r\nContent-Length: 5\r\n"
	fields := "\x83\x86\x84" + // POST, http, /
		field(":authority", "localhost") + field(strings.ToLower(sigHeader), sign(testSecret, "{}")) + field("content-length", "5")
	preface := "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(settings, 0, 0, "")
	request := preface + frame(headers, endHeaders, 1, fields)

	for name, c := range map[string]struct {
		text   string
		status int
	}{
		"HTTP/1.1, end":             {head + "\r\n", 400},
		"HTTP/1.0, end":             {strings.Replace(head, "1.1", "1.0", 1) + "\r\n", 400},
		"HTTP/1.1, asked for, end":  {head + "Expect: 100-continue\r\n\r\n", 400},
		"HTTP/1.1, chunked as well": {head + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 401},
		"HTTP/2, end":               {request, 400},
		"HTTP/2, end of headers":    {preface + frame(headers, endHeaders|endStream, 1, fields), 401},
		"HTTP/2, end of data":       {request + frame(data, endStream, 1, ""), 400},
		"HTTP/2, trailer":           {request + frame(headers, endHeaders|endStream, 1, field("x", "y")), 400},
		"HTTP/2, reset":             {request + frame(reset, 0, 1, "\x00\x00\x00\x00"), 400},
	} {
		t.Run(name, func(t *testing.T) {
			server, seen := serveBoth(t, func(h http.Handler) http.Handler { return h })
			conn, err := net.Dial("tcp", server.Listener.Addr().String())
			require.NoError(t, err)
			defer conn.Close()
			_, err = io.WriteString(conn, c.text)
			require.NoError(t, err)
			whole := name == "HTTP/2, end of headers"
			if !whole {
				require.NoError(t, conn.(*net.TCPConn).CloseWrite())
			}

			// From Go 1.27 on the server itself refuses a body that ends with the
			// headers: PROTOCOL_ERROR.
			refused := await(conn, frame(reset, 0, 1, "\x00\x00\x00\x01"))
			var o verify.Observation
			select {
			case o = <-seen:
			case <-refused:
				assert.True(t, whole)
				return
			case <-time.After(time.Minute):
				require.FailNow(t, "nothing was observed")
			}
			assert.Equal(t, c.status, o.Status, "%v", o.Err)
			if c.status == http.StatusBadRequest {
				assert.ErrorIs(t, o.Err, verify.ErrBodyIncomplete)
			}
		})
	}
}

// await returns a channel that is closed once text has come.
func await(conn net.Conn, text string) <-chan struct{} {
	came := make(chan struct{})
	go func() {
		var all []byte
		for {
			var b [512]byte
			n, err := conn.Read(b[:])
			if all = append(all, b[:n]...); bytes.Contains(all, []byte(text)) {
				close(came)
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return came
}

// frame is a frame of HTTP/2 (RFC 9113, section 4.1).
func frame(kind, flags byte, stream uint32, payload string) string {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(payload)))
	b = append(b[1:], kind, flags)
	return string(binary.BigEndian.AppendUint32(b, stream)) + payload
}

// field is a header field of HTTP/2 as two literals (RFC 7541, section 6.2.2).
func field(name, value string) string {
	return "\x00" + string([]byte{byte(len(name))}) + name + string([]byte{byte(len(value))}) + value
}
