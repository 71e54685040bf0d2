package apiclient_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/apiclient"
	"github.com/accesshook/accesshook/internal/secrettest"
)

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// Secrets of a request, by where they travel.
const (
	inQuery  = "query canary/7355608+&é"
	inHeader = "header-canary-7355608"
	inBody   = "body \"canary\"\\7355608\n"
	inBasic  = "basic canary?7355608"
	inBearer = "bearer-canary-7355608" // not listed
	inProxy  = "proxy-canary-7355608"  // the transport's
)

func secretRequest(method string) apiclient.Request {
	r := apiclient.Request{
		Method: method, Path: "/things",
		Query: url.Values{"apikey": {inQuery}, "plain": {"unlisted-7355608"}},
		Header: http.Header{
			"X-Token":       {inHeader},
			"X-Login":       {"Basic " + base64.StdEncoding.EncodeToString([]byte("user:"+inBasic))},
			"Authorization": {"Bearer " + inBearer},
		},
		Secrets: event.Secrets(inQuery, inHeader, inBody, inBasic),
	}
	if method != http.MethodGet {
		r.Body = fmt.Appendf(nil, `{"password":%q}`, inBody)
	}
	return r
}

// assertHidden looks for the secrets in an error, and in all errors that it leads to.
func assertHidden(t *testing.T, err error) {
	t.Helper()
	// Each secret has this number, which no escape of a URL, of JSON or of Go changes.
	secrets := []string{"7355608", base64.StdEncoding.EncodeToString([]byte("user:" + inBasic))[8:]}
	for _, e := range append(chain(err), fmt.Errorf("failed: %w", err), errors.Join(io.EOF, err)) {
		secrettest.AssertHidden(t, e, secrets...)
	}
	var leak *url.Error
	assert.False(t, errors.As(err, &leak), "the URL can be had from the error")
}

// chain returns err and all errors that it wraps.
func chain(err error) []error {
	all := []error{err}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			all = append(all, chain(inner)...)
		}
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			all = append(all, chain(inner)...)
		}
	}
	return all
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// raw serves connections by what answer returns of the head of a request.
func raw(t *testing.T, answer func(head string) string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				buf := make([]byte, 64<<10)
				n, _ := conn.Read(buf)
				_, _ = io.WriteString(conn, answer(string(buf[:n])))
				_ = conn.(*net.TCPConn).CloseWrite()
				_, _ = io.Copy(io.Discard, conn) // with bytes unread, a close may cost the client the answer
			}()
		}
	}()
	return "http://" + listener.Addr().String()
}

// closedPort is an address at which nobody listens. Ports that the system gives to a
// listener are far higher.
const closedPort = "127.0.0.1:1"

func failing(f func(r *http.Request, dump string) error) *http.Client {
	return &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		dump, _ := httputil.DumpRequestOut(r, true)
		return nil, f(r, string(dump))
	})}
}

// No error holds a secret of the request, whatever fails, and however it is looked at.
func TestErrorsHoldNoSecrets(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	tls := httptest.NewUnstartedServer(http.NotFoundHandler())
	tls.Config.ErrorLog = log.New(io.Discard, "", 0)
	tls.StartTLS()
	t.Cleanup(tls.Close)
	proxied := func(host string) *http.Client {
		return &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(&url.URL{
			Scheme: "http", Host: host, User: url.UserPassword("user", inProxy),
		})}}
	}
	serve := func(h http.HandlerFunc) string {
		server := httptest.NewServer(h)
		t.Cleanup(server.Close)
		return server.URL
	}
	line := func(head string) string { line, _, _ := strings.Cut(head, "\r\n"); return line }
	for name, c := range map[string]struct {
		config apiclient.Config
		want   string // a part of the error
		is     error
	}{
		"DNS": {
			config: apiclient.Config{BaseURL: "https://api.example.com", HTTPClient: &http.Client{Transport: &http.Transport{
				DialContext: (&net.Dialer{Resolver: &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
					return nil, errors.New("no network")
				}}}).DialContext,
			}}},
			want: "lookup api.example.com",
		},
		"refused":     {config: apiclient.Config{BaseURL: "http://" + closedPort}, want: "connection refused", is: syscall.ECONNREFUSED},
		"certificate": {config: apiclient.Config{BaseURL: tls.URL}, want: "certificate"},
		"no TLS":      {config: apiclient.Config{BaseURL: strings.Replace(plain.URL, "http:", "https:", 1)}, want: "HTTP response to HTTPS client"},
		"proxy that refuses": {
			config: apiclient.Config{BaseURL: "https://api.example.com", HTTPClient: proxied(closedPort)},
			want:   "proxyconnect tcp: dial tcp", is: syscall.ECONNREFUSED,
		},
		"proxy that wants another password": {
			config: apiclient.Config{BaseURL: "https://api.example.com", HTTPClient: proxied(strings.TrimPrefix(raw(t, func(string) string {
				return "HTTP/1.1 407 who is user:" + inProxy[:5] + "\r\n\r\n"
			}), "http://"))},
			want: "who is user",
		},
		"closed at once": {config: apiclient.Config{BaseURL: raw(t, func(string) string { return "" })}, want: "EOF"},
		"echoed status":  {config: apiclient.Config{BaseURL: raw(t, func(head string) string { return line(head) + "\r\n\r\n" })}, want: "malformed HTTP"},
		"echoed header":  {config: apiclient.Config{BaseURL: raw(t, func(head string) string { return "HTTP/1.1 200 OK\r\n" + line(head) + "\r\n\r\n" })}, want: "malformed MIME header"},
		"echoed request": {config: apiclient.Config{BaseURL: raw(t, func(head string) string { return head })}, want: "malformed HTTP"},
		"echoed length":  {config: apiclient.Config{BaseURL: raw(t, func(head string) string { return "HTTP/1.1 200 OK\r\nContent-Length: " + line(head) + "\r\n\r\n" })}, want: "bad Content-Length"},
		"endless header": {config: apiclient.Config{
			BaseURL:    raw(t, func(string) string { return "HTTP/1.1 200 OK\r\nA: " + strings.Repeat(inHeader, 1<<12) }),
			HTTPClient: &http.Client{Transport: &http.Transport{MaxResponseHeaderBytes: 1 << 12}},
		}, want: "exceeded"},
		"short body":     {config: apiclient.Config{BaseURL: raw(t, func(string) string { return "HTTP/1.1 502 No\r\nContent-Length: 9\r\n\r\nshort" })}, want: "answer with status 502: unexpected EOF", is: io.ErrUnexpectedEOF},
		"garbage chunks": {config: apiclient.Config{BaseURL: raw(t, func(head string) string { return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + head })}, want: "answer with status 200"},
		"garbage for gzip": {config: apiclient.Config{BaseURL: serve(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = io.WriteString(w, r.URL.RawQuery)
		})}, want: "gzip: invalid header"},
		"too large": {config: apiclient.Config{MaxAnswer: 4, BaseURL: serve(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.RawQuery) })}, want: "answer with status 200: larger than the limit of 4 bytes"},
		"RoundTripper: URL": {
			config: apiclient.Config{BaseURL: plain.URL, HTTPClient: failing(func(r *http.Request, _ string) error {
				return fmt.Errorf("cannot send to %s: %w", r.URL, syscall.ECONNRESET)
			})},
			want: "cannot send to http://127.0.0.1", is: syscall.ECONNRESET,
		},
		"RoundTripper: URL of a proxy": {
			config: apiclient.Config{BaseURL: plain.URL, HTTPClient: failing(func(*http.Request, string) error {
				return fmt.Errorf("no way by http://user:%s@proxy:8080/", inProxy)
			})},
			want: "no way by http://[redacted]@proxy:8080/",
		},
		"proxy whose URL is wrong": {
			config: apiclient.Config{BaseURL: plain.URL, HTTPClient: &http.Client{Transport: &http.Transport{Proxy: func(*http.Request) (*url.URL, error) {
				return url.Parse(fmt.Sprintf("http://user:%s@proxy:80%%", inProxy))
			}}}},
			want: `parse "http://[redacted]@proxy:80%"`,
		},
		"redirect whose URL is wrong": {
			config: apiclient.Config{BaseURL: serve(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", "http://user:"+inProxy+"@example.com:80%?"+r.URL.RawQuery)
				w.WriteHeader(http.StatusFound)
			})},
			want: `failed to parse Location header "http://[redacted]@example.com:80%?[redacted]"`,
		},
		"RoundTripper: unescaped": {
			config: apiclient.Config{BaseURL: plain.URL, HTTPClient: failing(func(r *http.Request, _ string) error {
				return fmt.Errorf("cannot send %q %v", r.URL.Query()["apikey"], r.Header)
			})},
			want: "cannot send",
		},
		"RoundTripper: the whole request": {
			config: apiclient.Config{BaseURL: plain.URL, HTTPClient: failing(func(_ *http.Request, dump string) error {
				return fmt.Errorf("cannot send %s or %q", dump, dump)
			})},
			want: "cannot send",
		},
		"RoundTripper: a query alone": {
			config: apiclient.Config{BaseURL: plain.URL, HTTPClient: failing(func(r *http.Request, _ string) error {
				return fmt.Errorf("cannot send %s or %q", r.URL.RawQuery, url.QueryEscape(r.URL.RawQuery))
			})},
			want: "cannot send",
		},
		"RoundTripper: another query": {
			config: apiclient.Config{BaseURL: plain.URL, HTTPClient: failing(func(r *http.Request, _ string) error {
				return fmt.Errorf("cannot send to <https://proxy.example.com/?%s>", url.Values{"plain": r.URL.Query()["plain"]}.Encode())
			})},
			want: "cannot send to <https://proxy.example.com/?[redacted]>",
		},
		"RoundTripper: url.Error": {
			config: apiclient.Config{BaseURL: plain.URL, HTTPClient: failing(func(r *http.Request, _ string) error {
				return &url.Error{Op: "Send", URL: r.URL.String(), Err: errors.Join(syscall.EPIPE, errors.New(inQuery))}
			})},
			want: "broken pipe", is: syscall.EPIPE,
		},
		"RoundTripper: long": {
			config: apiclient.Config{BaseURL: plain.URL, HTTPClient: failing(func(r *http.Request, _ string) error {
				return errors.New(strings.Repeat(r.URL.Path+" ", 10_000))
			})},
			want: " bytes]",
		},
		"RoundTripper: body": {
			config: apiclient.Config{BaseURL: plain.URL, HTTPClient: &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, Body: io.NopCloser(io.MultiReader(strings.NewReader("{"), errorReader{errors.New("lost " + r.URL.String())}))}, nil
			})}},
			want: "answer with status 200: lost http",
		},
		"timeout": {
			config: apiclient.Config{Timeout: time.Millisecond, BaseURL: serve(func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				<-r.Context().Done()
			})},
			want: "no whole answer within 1ms", is: context.DeadlineExceeded,
		},
	} {
		for _, method := range []string{"GET", "POST"} {
			t.Run(name+", "+method, func(t *testing.T) {
				t.Parallel()
				config := c.config
				config.MaxAttempts = 1
				_, err := newClient(t, config).Do(t.Context(), secretRequest(method))
				require.ErrorContains(t, err, c.want)
				assert.Regexp(t, `^acmeapi: `+method+` /things: `, err.Error())
				assert.Less(t, len(err.Error()), 700)
				if c.is != nil {
					assert.ErrorIs(t, err, c.is)
				}
				assertHidden(t, err)
			})
		}
	}
}

type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }

// The cause of a context is the caller's own text, and may be anything.
func TestCauseOfContext(t *testing.T) {
	client := newClient(t, apiclient.Config{BaseURL: "http://localhost"})
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("gave up on " + inQuery))
	_, err := client.Do(ctx, secretRequest("GET"))
	require.ErrorIs(t, err, context.Canceled)
	assert.ErrorContains(t, err, "context canceled: gave up on [redacted]")
	assertHidden(t, err)

	ctx, cancel2 := context.WithTimeoutCause(t.Context(), 0, errors.New("no time for "+inQuery))
	defer cancel2()
	_, err = client.Do(ctx, secretRequest("GET"))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.True(t, isTimeout(err))
	assertHidden(t, err)
}

// A client with a timeout of its own keeps it.
func TestTimeoutOfHTTPClient(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer server.Close()
	client := newClient(t, apiclient.Config{BaseURL: server.URL, MaxAttempts: 1, HTTPClient: &http.Client{Timeout: time.Millisecond}})
	_, err := client.Do(t.Context(), secretRequest("GET"))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.True(t, isTimeout(err))
	assertHidden(t, err)
}

func TestConnectionThatCouldNotBeMade(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		post int
	}{
		"dial":         {&net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}, 4},
		"proxyconnect": {&net.OpError{Op: "proxyconnect", Net: "tcp", Err: io.EOF}, 4},
		"read":         {&net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}, 1},
		"write":        {&net.OpError{Op: "write", Net: "tcp", Err: syscall.EPIPE}, 1},
		"EOF":          {io.EOF, 1},
	} {
		for method, want := range map[string]int{"GET": 4, "PUT": 4, "DELETE": 4, "POST": c.post, "PATCH": c.post} {
			t.Run(name+", "+method, func(t *testing.T) {
				t.Parallel()
				calls := 0
				client := newClient(t, apiclient.Config{
					BaseURL: "http://localhost", MaxWait: time.Nanosecond,
					HTTPClient: &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
						calls++
						return nil, c.err
					})},
				})
				_, err := client.Do(t.Context(), apiclient.Request{Method: method, Path: "/"})
				require.Error(t, err)
				assert.Equal(t, want, calls)
				assert.Equal(t, want > 1, strings.Contains(err.Error(), ": after 4 attempts: "))
			})
		}
	}
}

// The next attempt would fail as well.
func TestHopeless(t *testing.T) {
	calls := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls++
		_, _ = w.Write(make([]byte, 5))
	}))
	defer server.Close()
	client := newClient(t, apiclient.Config{BaseURL: server.URL, MaxAnswer: 4})
	_, err := client.Do(t.Context(), apiclient.Request{Method: "GET", Path: "/"})
	require.ErrorContains(t, err, "larger than the limit of 4 bytes")
	assert.Equal(t, 1, calls)

	tls := httptest.NewUnstartedServer(http.NotFoundHandler())
	tls.Config.ErrorLog = log.New(io.Discard, "", 0)
	var handshakes atomic.Int32
	tls.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			handshakes.Add(1)
		}
	}
	tls.StartTLS()
	client = newClient(t, apiclient.Config{BaseURL: tls.URL})
	_, err = client.Do(t.Context(), apiclient.Request{Method: "GET", Path: "/"})
	require.ErrorContains(t, err, "certificate")
	tls.Close()
	assert.EqualValues(t, 1, handshakes.Load())
}
