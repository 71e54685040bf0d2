package apiclient_test

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/apiclient"
	"github.com/accesshook/accesshook/internal/escapetest"
	"github.com/accesshook/accesshook/internal/secrettest"
)

func newClient(t *testing.T, c apiclient.Config) *apiclient.Client {
	t.Helper()
	c.Name = "acmeapi"
	client, err := apiclient.New(c)
	require.NoError(t, err)
	return client
}

// serve starts a server that counts its connections.
func serve(t *testing.T, h http.HandlerFunc) (base string, connections *atomic.Int32) {
	t.Helper()
	connections = new(atomic.Int32)
	server := httptest.NewUnstartedServer(h)
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	return server.URL, connections
}

// A body is sent again from its beginning.
func TestWholeRequestIsSentAgain(t *testing.T) {
	body := bytes.Repeat([]byte(`{"a":"0123456789"}`), 20_000) // more than a socket's buffer takes
	var calls atomic.Int32
	base, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "/v1/things/a%2Fb?q=x+y", r.RequestURI)
		assert.Equal(t, "application/json", r.Header.Get("Content-Type"))
		assert.Equal(t, "application/json", r.Header.Get("Accept"))
		assert.Equal(t, "accesshook (+https://github.com/accesshook/accesshook)", r.Header.Get("User-Agent"))
		assert.Equal(t, "7", r.Header.Get("X-Thing"))
		switch calls.Add(1) {
		case 1: // refused before the body was read
			w.WriteHeader(http.StatusBadGateway)
			return
		case 2: // cut off while the body is sent
			_, _ = io.ReadFull(r.Body, make([]byte, 10))
			panic(http.ErrAbortHandler)
		}
		got, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		assert.Equal(t, len(body), len(got))
		assert.True(t, bytes.Equal(body, got))
		_, _ = io.WriteString(w, "done")
	})
	header := http.Header{"X-Thing": {"7"}}
	a, err := newClient(t, apiclient.Config{BaseURL: base + "/v1/", MaxWait: time.Nanosecond}).Do(t.Context(), apiclient.Request{
		Method: "PUT", Path: "/things/a%2Fb", Query: url.Values{"q": {"x y"}}, Header: header, Body: body,
	})
	require.NoError(t, err)
	assert.Equal(t, 200, a.Status)
	assert.True(t, a.IsSuccess())
	assert.Equal(t, "done", string(a.Body))
	assert.EqualValues(t, 3, calls.Load())
	assert.Len(t, header, 1, "the caller's header is not changed")
}

func TestRequestWithoutBody(t *testing.T) {
	base, _ := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		assert.Empty(t, r.Header.Get("Content-Type"))
		assert.EqualValues(t, 0, r.ContentLength)
		assert.Equal(t, "acme/1.0", r.UserAgent())
		assert.Equal(t, "/", r.RequestURI)
	})
	_, err := newClient(t, apiclient.Config{BaseURL: base, UserAgent: "acme/1.0"}).Do(t.Context(), apiclient.Request{Method: "DELETE", Path: "/"})
	require.NoError(t, err)
}

// An answer is read to its end, so that the next request needs no new connection.
func TestConnectionsAreReused(t *testing.T) {
	statuses := []int{200, 400, 401, 404, 429, 500, 503, 200}
	var calls atomic.Int32
	base, connections := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(statuses[int(calls.Add(1)-1)%len(statuses)])
		_, _ = w.Write(make([]byte, 100_000))
	})
	client := newClient(t, apiclient.Config{BaseURL: base, MaxAttempts: 2, MaxWait: time.Nanosecond})
	for range 20 {
		_, err := client.Do(t.Context(), apiclient.Request{Method: "GET", Path: "/"})
		require.NoError(t, err)
	}
	assert.Greater(t, calls.Load(), int32(20))
	assert.EqualValues(t, 1, connections.Load())
}

// The server of a redirect would get the credentials.
func TestRedirectsAreNotFollowed(t *testing.T) {
	elsewhere, connections := serve(t, func(http.ResponseWriter, *http.Request) {})
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, method := range []string{"GET", "POST"} {
			base, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, elsewhere+"/new?"+r.URL.RawQuery, status)
			})
			own := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}
			for _, hc := range []*http.Client{nil, own, {}} {
				client := newClient(t, apiclient.Config{BaseURL: base, HTTPClient: hc})
				a, err := client.Do(t.Context(), secretRequest(method))
				require.NoError(t, err)
				assert.Equal(t, status, a.Status)
				assert.Equal(t, http.StatusText(status)+" to "+elsewhere+"/new: redirects are not followed, since the credentials would go elsewhere", a.Reason())
			}
		}
	}
	assert.Zero(t, connections.Load())
}

func TestReason(t *testing.T) {
	secret := event.NewSecret("canary-7355608")
	for want, a := range map[string]*apiclient.Answer{
		"Bad Gateway": {Status: 502},
		"":            {Status: 599},
		"Found: redirects are not followed, since the credentials would go elsewhere":           {Status: 302},
		"Not Modified: redirects are not followed, since the credentials would go elsewhere":    {Status: 304, Header: http.Header{"Location": {":"}}},
		"Found to /login: redirects are not followed, since the credentials would go elsewhere": {Status: 302, Header: http.Header{"Location": {"/login?x#y"}}},
		"Found to https://example.com/: redirects are not followed, since the credentials would go elsewhere": {
			Status: 302, Header: http.Header{"Location": {"https://user:password@example.com/"}},
		},
	} {
		assert.Equal(t, want, a.Reason())
	}
	base, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/moved/canary-7355608", http.StatusFound)
	})
	a, err := newClient(t, apiclient.Config{BaseURL: base}).Do(t.Context(), apiclient.Request{Method: "GET", Path: "/", Secrets: []event.Secret{secret}})
	require.NoError(t, err)
	assert.Contains(t, a.Reason(), "to /moved/[redacted]:")
}

// The caller's client is left as it is, and used with all that it has.
func TestHTTPClientIsNotChanged(t *testing.T) {
	used := 0
	own := &http.Client{Timeout: time.Minute, Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		used++
		return http.DefaultTransport.RoundTrip(r)
	})}
	base, _ := serve(t, func(http.ResponseWriter, *http.Request) {})
	_, err := newClient(t, apiclient.Config{BaseURL: base, HTTPClient: own}).Do(t.Context(), apiclient.Request{Method: "GET", Path: "/"})
	require.NoError(t, err)
	assert.Equal(t, 1, used)
	assert.Nil(t, own.CheckRedirect)
	assert.Nil(t, http.DefaultClient.CheckRedirect)
}

func TestAnswersAreBounded(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	const limit = 1 << 20
	_, _ = io.Copy(z, io.LimitReader(zeros{}, 8*limit))
	require.NoError(t, z.Close())
	require.Less(t, bomb.Len(), limit/10)
	for name, c := range map[string]struct {
		h    http.HandlerFunc
		want string
	}{
		"the largest": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, limit)) }, ""},
		"a byte more": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, limit+1)) }, "larger than the limit of 1048576 bytes"},
		"declared": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(int64(1)<<50))
			_, _ = io.Copy(w, zeros{})
		}, "larger than the limit"},
		"endless": {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.Copy(w, zeros{}) }, "larger than the limit"},
		"gzip bomb": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(bomb.Bytes())
		}, "larger than the limit"},
	} {
		t.Run(name, func(t *testing.T) {
			base, _ := serve(t, c.h)
			client := newClient(t, apiclient.Config{BaseURL: base, MaxAnswer: limit})
			a, err := client.Do(t.Context(), apiclient.Request{Method: "GET", Path: "/"})
			if c.want != "" {
				require.ErrorContains(t, err, c.want)
				return
			}
			require.NoError(t, err)
			assert.Len(t, a.Body, limit)
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestCompressedAnswer(t *testing.T) {
	base, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "gzip", r.Header.Get("Accept-Encoding"))
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = io.WriteString(z, `{"a":1}`)
		_ = z.Close()
	})
	a, err := newClient(t, apiclient.Config{BaseURL: base}).Do(t.Context(), apiclient.Request{Method: "GET", Path: "/"})
	require.NoError(t, err)
	assert.Equal(t, `{"a":1}`, string(a.Body))
}

func TestConfigIsChecked(t *testing.T) {
	const notHTTPS = "Config.BaseURL is neither https, nor http to a loopback address: the credentials would be readable on the way"
	for base, want := range map[string]string{
		"https://api.example.com":        "",
		"https://api.example.com/":       "",
		"https://api.example.com:8443/v": "",
		"HTTPS://api.example.com":        "",
		"http://127.0.0.1:8080":          "",
		"http://127.1.2.3":               "",
		"http://[::1]:8080/":             "",
		"http://[::ffff:127.0.0.1]":      "",
		"http://localhost:8080":          "",
		"http://LocalHost":               "",

		"":                                     "Config.BaseURL is empty",
		"/":                                    "Config.BaseURL is empty",
		"api.example.com":                      "Config.BaseURL is no URL with a host",
		"https://":                             "Config.BaseURL is no URL with a host",
		"https://:443":                         "Config.BaseURL is no URL with a host",
		"https:api.example.com":                "Config.BaseURL is no URL with a host",
		"https://api.example.com\n":            "Config.BaseURL is no URL with a host",
		" https://api.example.com":             "Config.BaseURL is no URL with a host",
		"https://canary:%zz@api.example.com":   "Config.BaseURL is no URL with a host",
		"https://canary@api.example.com":       "Config.BaseURL has a user or a password",
		"https://user:canary@api.example.com":  "Config.BaseURL has a user or a password",
		"https://@api.example.com":             "Config.BaseURL has a user or a password",
		"https://api.example.com?apikey=canar": "Config.BaseURL has a query or a fragment",
		"https://api.example.com/?":            "Config.BaseURL has a query or a fragment",
		"https://api.example.com/#canary":      "Config.BaseURL has a query or a fragment",
		"https://api.example.com/#":            "Config.BaseURL has a query or a fragment",
		"http://api.example.com":               notHTTPS,
		"http://localhost.example.com":         notHTTPS,
		"http://127.0.0.1.example.com":         notHTTPS,
		"http://0.0.0.0":                       notHTTPS,
		"http://192.0.2.1":                     notHTTPS,
		"ftp://127.0.0.1":                      notHTTPS,
		"//127.0.0.1":                          notHTTPS,
	} {
		_, err := apiclient.New(apiclient.Config{Name: "acmeapi", BaseURL: base})
		if want == "" {
			assert.NoError(t, err, base)
			continue
		}
		require.EqualError(t, err, "acmeapi: "+want, base)
	}
	const base = "https://api.example.com"
	for want, c := range map[string]apiclient.Config{
		"Config.Timeout is negative":                                     {BaseURL: base, Timeout: -1},
		"Config.MaxAttempts is negative":                                 {BaseURL: base, MaxAttempts: -1},
		"Config.MaxWait is negative":                                     {BaseURL: base, MaxWait: -1},
		"Config.MaxAnswer is negative":                                   {BaseURL: base, MaxAnswer: -1},
		"Config.UserAgent has characters other than visible ASCII":       {BaseURL: base, UserAgent: "a\r\nb: c"},
		"Config.UserAgent has characters other than visible ASCII\u200b": {BaseURL: base, UserAgent: "ä"},
	} {
		c.Name = "acmeapi"
		_, err := apiclient.New(c)
		require.EqualError(t, err, "acmeapi: "+strings.TrimSuffix(want, "\u200b"))
	}
}

// The name of a thing must not lead to another.
func TestPathIsChecked(t *testing.T) {
	client := newClient(t, apiclient.Config{BaseURL: "http://localhost"})
	for _, path := range []string{
		"", "things", "/a?b", "/a#b", "/%zz", "/a\nb", "/..", "/a/../b", "/a/./b", "/a/%2e%2E/b", "/a/..%2Fb", "/.", "@example.com/", ":80/",
	} {
		_, err := client.Do(t.Context(), apiclient.Request{Method: "GET", Path: path})
		assert.ErrorContains(t, err, "acmeapi: the path of a request", "%q", path)
	}
}

func TestTextOfAnAnswer(t *testing.T) {
	base, _ := serve(t, func(http.ResponseWriter, *http.Request) {})
	client := newClient(t, apiclient.Config{BaseURL: base})
	a, err := client.Do(t.Context(), secretRequest("POST"))
	require.NoError(t, err)

	assert.Equal(t, "no such key [redacted], token [redacted]", a.Text("no such key "+inQuery+", token "+inBearer))
	assert.Equal(t, "key [redacted]", a.Text("key "+url.QueryEscape(inQuery)))
	assert.Equal(t, `a\u001b[31m\u2028\nb`, a.Text("a\x1b[31m\u2028\nb"))
	escapetest.AssertEscaped(t, a.Text(escapetest.Text))
	assert.Equal(t, "", a.Text(""))

	for _, long := range []string{strings.Repeat("x", 501), strings.Repeat("é", 400), strings.Repeat("\x00", 400), rand.Text() + strings.Repeat("漢", 9000)} {
		text := a.Text(long)
		assert.LessOrEqual(t, len(text), 500)
		assert.Greater(t, len(text), 490)
		assert.True(t, strings.HasSuffix(text, "…"))
		escapetest.AssertEscaped(t, text)
	}
	assert.Equal(t, strings.Repeat("x", 500), a.Text(strings.Repeat("x", 500)))
	// A cut leaves no part of a secret.
	for n := 460; n < 500; n++ {
		assert.NotContains(t, a.Text(strings.Repeat(" ", n)+inQuery), "q")
	}
	assert.Equal(t, "[40000 bytes]", a.Text(strings.Repeat("x", 40_000)))

	secrettest.AssertHidden(t, a, inQuery, inHeader, inBody, inBasic, inBearer)
}

func TestConcurrentUse(t *testing.T) {
	base, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body)
	})
	client := newClient(t, apiclient.Config{BaseURL: base})
	request := secretRequest("POST")
	request.Secrets = append(make([]event.Secret, 0, 9), request.Secrets...) // with room
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				a, err := client.Do(t.Context(), request)
				if assert.NoError(t, err) {
					assert.Equal(t, request.Body, a.Body)
				}
			}
		})
	}
	wg.Wait()
}
