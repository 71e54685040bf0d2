// Package sinktest tests what all sinks have to do when the other side fails.
package sinktest

import (
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/examples/sinks"
	"github.com/accesshook/accesshook/internal/secrettest"
)

// Settings are how the sink of a test is to be made.
type Settings struct {
	URL           string
	Authorization event.Secret
	CAFile        string
	Timeout       time.Duration
}

// HTTP says how to test a sink that posts.
type HTTP struct {
	New func(Settings) (sinks.Sink, error)
	// Accept answers as a server that takes all of a request.
	Accept http.HandlerFunc
	// StatusDecides says that a status of 200 is enough, whatever the body.
	StatusDecides bool
	// EmptyAccepts says that an empty body means that all was taken.
	EmptyAccepts bool
}

// credential is what must not show. Servers of the tests send it back.
const credential, authorization = "canary-7355608/x", "ApiKey " + "canary-7355608/x"

// Events returns n events.
func Events(n int) []*event.Event {
	events := make([]*event.Event, n)
	for i := range events {
		events[i] = &event.Event{
			ID: fmt.Sprintf("id-%d", i), Vendor: "relock", Source: "relock", Type: "session.started", VendorType: "session.created",
			Time: time.Date(2026, 11, 3, 8, 30, i, 0, time.UTC), Outcome: event.OutcomeSuccess, Severity: event.SeverityInfo,
			User: event.User{ID: fmt.Sprintf("u-%d", i)},
		}
	}
	return events
}

// Run runs the tests.
func (h HTTP) Run(t *testing.T) {
	t.Run("settings", h.settings)
	t.Run("statuses", h.statuses)
	t.Run("credential", h.credential)
	t.Run("redirects", h.redirects)
	t.Run("faults", h.faults)
	t.Run("certificates", h.certificates)
	t.Run("cancelled", h.cancelled)
}

// sink returns a sink that sends to server.
func (h HTTP) sink(t *testing.T, s Settings) sinks.Sink {
	t.Helper()
	if s.Authorization.IsZero() {
		s.Authorization = event.NewSecret(authorization)
	}
	sink, err := h.New(s)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, sink.Close()) })
	return sink
}

// failed returns the error that all events have, and looks for the credential in it.
func failed(t *testing.T, errs []error, n int) error {
	t.Helper()
	require.Len(t, errs, n)
	for _, err := range errs {
		require.Error(t, err)
		secrettest.AssertHidden(t, err, credential, authorization)
		assert.NotContains(t, err.Error(), "secret-in-url")
		assert.Equal(t, errs[0].Error(), err.Error())
	}
	return errs[0]
}

func taken(t *testing.T, errs []error) {
	t.Helper()
	for _, err := range errs {
		require.NoError(t, err)
	}
}

func (h HTTP) settings(t *testing.T) {
	full := Settings{URL: "https://siem.example.com", Authorization: event.NewSecret(authorization)}
	empty, text := filepath.Join(t.TempDir(), "empty"), filepath.Join(t.TempDir(), "text")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	require.NoError(t, os.WriteFile(text, []byte(credential), 0o600))
	for name, test := range map[string]struct {
		change func(*Settings)
		want   string // "": no error
	}{
		"all right":             {func(*Settings) {}, ""},
		"no credential":         {func(s *Settings) { s.Authorization, s.URL = event.Secret{}, "http://siem.example.com" }, ""},
		"loopback":              {func(s *Settings) { s.URL = "http://127.0.0.1:8088" }, ""},
		"IPv6 loopback":         {func(s *Settings) { s.URL = "http://[::1]:8088" }, ""},
		"plain":                 {func(s *Settings) { s.URL = "http://siem.example.com" }, "URL is http: anyone on the way could read the credential. Use https"},
		"no URL":                {func(s *Settings) { s.URL = "" }, "URL is empty"},
		"no host":               {func(s *Settings) { s.URL = "https:///x" }, "URL is not http or https with a host"},
		"other scheme":          {func(s *Settings) { s.URL = "ftp://siem.example.com" }, "URL is not http or https with a host"},
		"unreadable":            {func(s *Settings) { s.URL = "https://canary-7355608@siem.example.com:x" }, "URL is not http or https with a host"},
		"password in URL":       {func(s *Settings) { s.URL = "https://user:canary-7355608@siem.example.com" }, "URL has a user or a password: set Authorization"},
		"fragment":              {func(s *Settings) { s.URL += "#" + credential }, "URL has a fragment"},
		"credential alone":      {func(s *Settings) { s.Authorization = event.NewSecret(credential) }, `Authorization is not a scheme and a credential, such as "Bearer" and a token`},
		"scheme alone":          {func(s *Settings) { s.Authorization = event.NewSecret("Bearer ") }, `Authorization is not a scheme and a credential, such as "Bearer" and a token`},
		"line break at its end": {func(s *Settings) { s.Authorization = event.NewSecret(authorization + "\n") }, `Authorization is not a scheme and a credential, such as "Bearer" and a token`},
		"line break within":     {func(s *Settings) { s.Authorization = event.NewSecret(authorization + "\nx") }, "Authorization has characters other than visible ASCII"},
		"masked": {func(s *Settings) {
			require.NoError(t, s.Authorization.UnmarshalText([]byte("[redacted]")))
		}, "Authorization is masked"},
		"negative":          {func(s *Settings) { s.Timeout = -1 }, "Timeout is negative"},
		"no CA file":        {func(s *Settings) { s.CAFile = filepath.Join(empty, "missing") }, "CAFile cannot be read"},
		"empty CA file":     {func(s *Settings) { s.CAFile = empty }, "CAFile has no certificate in PEM"},
		"other kind of CA":  {func(s *Settings) { s.CAFile = text }, "CAFile has no certificate in PEM"},
		"directory as file": {func(s *Settings) { s.CAFile = t.TempDir() }, "CAFile cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			s := full
			test.change(&s)
			sink, err := h.New(s)
			if test.want == "" {
				require.NoError(t, err)
				secrettest.AssertHidden(t, sink, credential, authorization)
				assert.NoError(t, sink.Close())
				return
			}
			require.Error(t, err)
			assert.Contains(t, err.Error(), ": Config."+test.want)
			assert.Nil(t, sink, "no typed nil")
			secrettest.AssertHidden(t, err, credential, "canary-7355608")
		})
	}
}

func (h HTTP) statuses(t *testing.T) {
	var status atomic.Int32
	header := make(chan http.Header, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case more := <-header:
			for name := range more {
				w.Header().Set(name, more.Get(name))
			}
		default:
		}
		if status.Load() == 200 {
			h.Accept(w, r)
			return
		}
		w.Header().Set("X-Echo", r.Header.Get("Authorization"))
		w.WriteHeader(int(status.Load()))
		fmt.Fprint(w, r.Header.Get("Authorization"))
	}))
	t.Cleanup(server.Close)
	sink := h.sink(t, Settings{URL: server.URL + "/secret-in-url?secret-in-url"})
	host := strings.TrimPrefix(server.URL, "http://")
	now := time.Date(2026, 11, 3, 8, 30, 0, 0, time.UTC)
	for _, test := range []struct {
		status     int
		header     http.Header
		want       string
		permanent  bool
		retryAfter time.Duration // -1: not Unavailable
	}{
		{status: 400, want: "400 Bad Request", permanent: true, retryAfter: -1},
		{status: 422, want: "422 Unprocessable Entity", permanent: true, retryAfter: -1},
		{status: 413, want: "413 Request Entity Too Large", permanent: true, retryAfter: -1},
		{status: 499, want: "499", permanent: true, retryAfter: -1},
		{status: 401, want: "401 Unauthorized: check the credential", retryAfter: time.Minute},
		{status: 403, want: "403 Forbidden: check the credential", retryAfter: time.Minute},
		{status: 404, want: "404 Not Found: check the URL", retryAfter: time.Minute},
		{status: 405, want: "405 Method Not Allowed: check the URL", retryAfter: time.Minute},
		{status: 500, want: "500 Internal Server Error", retryAfter: -1},
		{status: 507, want: "507 Insufficient Storage", retryAfter: -1},
		{status: 502, want: "502 Bad Gateway"},
		{status: 503, want: "503 Service Unavailable"},
		{status: 504, want: "504 Gateway Timeout"},
		{status: 408, want: "408 Request Timeout"},
		{status: 429, want: "429 Too Many Requests"},
		{status: 429, header: http.Header{"Retry-After": {"7"}}, want: "429 Too Many Requests", retryAfter: 7 * time.Second},
		{status: 503, header: http.Header{"Retry-After": {"99999999999999999999"}}, want: "503 Service Unavailable", retryAfter: time.Hour},
		{status: 503, header: http.Header{"Retry-After": {"-1"}}, want: "503 Service Unavailable"},
		{status: 503, header: http.Header{"Retry-After": {"soon"}}, want: "503 Service Unavailable"},
		{
			status: 503, want: "503 Service Unavailable", retryAfter: 90 * time.Second,
			header: http.Header{"Date": {now.Format(http.TimeFormat)}, "Retry-After": {now.Add(90 * time.Second).Format(http.TimeFormat)}},
		},
		{
			status: 503, want: "503 Service Unavailable",
			header: http.Header{"Date": {now.Format(http.TimeFormat)}, "Retry-After": {now.Add(-time.Hour).Format(http.TimeFormat)}},
		},
	} {
		t.Run(fmt.Sprint(test.status, test.header), func(t *testing.T) {
			status.Store(int32(test.status))
			if test.header != nil {
				header <- test.header
			}
			n := 3
			if test.permanent {
				n = 1
			}
			err := failed(t, sink.Send(t.Context(), Events(n)), n)
			assert.Contains(t, err.Error(), ": "+host+" answered "+test.want)
			assert.True(t, strings.HasSuffix(err.Error(), test.want), err)
			assert.Equal(t, test.permanent, event.IsPermanent(err))
			retryAfter, unavailable := event.IsUnavailable(err)
			assert.Equal(t, test.retryAfter != -1, unavailable)
			assert.Equal(t, max(test.retryAfter, 0), retryAfter)

			status.Store(200)
			taken(t, sink.Send(t.Context(), Events(3)))
		})
	}
}

func (h HTTP) credential(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != authorization {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		h.Accept(w, r)
	}))
	t.Cleanup(server.Close)
	taken(t, h.sink(t, Settings{URL: server.URL}).Send(t.Context(), Events(2)))
	wrong := h.sink(t, Settings{URL: server.URL, Authorization: event.NewSecret(authorization + "y")})
	assert.ErrorContains(t, failed(t, wrong.Send(t.Context(), Events(2)), 2), "check the credential")
}

func (h HTTP) redirects(t *testing.T) {
	followed := false
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed = true }))
	t.Cleanup(elsewhere.Close)
	for _, status := range []int{301, 302, 303, 307, 308} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+"/"+credential, status)
		}))
		err := failed(t, h.sink(t, Settings{URL: server.URL}).Send(t.Context(), Events(2)), 2)
		assert.ErrorContains(t, err, "redirects are not followed, check the URL")
		assert.False(t, event.IsPermanent(err))
		server.Close()
	}
	assert.False(t, followed)
}

// A fault is a way to fail that has no status.
type fault struct {
	name   string
	handle func(h HTTP, w http.ResponseWriter, r *http.Request)
	want   string
	// afterStatus says that the status came, and was 200.
	afterStatus bool
	timeout     time.Duration
}

var faults = []fault{
	{
		name: "hangs", want: "did not answer in time", timeout: 50 * time.Millisecond,
		handle: func(_ HTTP, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	},
	{
		name: "closes", want: "closed the connection",
		handle: func(HTTP, http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	},
	{
		name: "closes in the headers", want: "did not answer properly",
		handle: raw("HTTP/1.1 200 OK\r\nContent-"),
	},
	{
		name: "closes in the body", want: "closed the connection", afterStatus: true,
		handle: raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"),
	},
	{
		name: "hangs in the body", want: "did not answer in time", timeout: 50 * time.Millisecond, afterStatus: true,
		handle: func(_ HTTP, w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(200)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		},
	},
	{
		name: "answers slowly", want: "did not answer in time", timeout: 50 * time.Millisecond, afterStatus: true,
		handle: func(_ HTTP, w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				_, _ = w.Write([]byte(" "))
				_ = http.NewResponseController(w).Flush()
				time.Sleep(5 * time.Millisecond)
			}
		},
	},
	{
		name: "endless", want: "the answer is too large", afterStatus: true,
		handle: func(_ HTTP, w http.ResponseWriter, r *http.Request) {
			for part := []byte(strings.Repeat(" ", 64<<10)); ; {
				if _, err := w.Write(part); err != nil {
					return
				}
			}
		},
	},
	{name: "no HTTP", want: "did not answer properly", handle: raw("220 siem.example.com " + authorization + "\r\n")},
	{name: "credential as a header", want: "did not answer properly", handle: raw("HTTP/1.1 200 OK\r\n" + credential + "\r\n\r\n")},
	{name: "endless headers", want: "did not answer properly", handle: raw("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 1<<20))},
	{
		name: "a page for people", want: "did not answer as expected", afterStatus: true,
		handle: func(_ HTTP, w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, "<p>Welcome %s!", authorization) },
	},
	{
		name: "no body", want: "did not answer as expected", afterStatus: true,
		handle: func(HTTP, http.ResponseWriter, *http.Request) {},
	},
	{
		name: "another kind of JSON", want: "did not answer as expected", afterStatus: true,
		handle: func(_ HTTP, w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, "[%q]", credential) },
	},
}

// raw answers with text and closes the connection.
func raw(text string) func(HTTP, http.ResponseWriter, *http.Request) {
	return func(_ HTTP, w http.ResponseWriter, _ *http.Request) {
		connection, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		_, _ = connection.Write([]byte(text))
		_ = connection.Close()
	}
}

// drain reads the body of r. The server then sees that the client hangs up, and sends no
// reset when it closes.
func drain(r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }

func (h HTTP) faults(t *testing.T) {
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			var working atomic.Bool
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if working.Load() {
					h.Accept(w, r)
					return
				}
				drain(r)
				f.handle(h, w, r)
			}))
			t.Cleanup(server.Close)
			sink := h.sink(t, Settings{URL: server.URL + "/secret-in-url", Timeout: f.timeout})
			errs := sink.Send(t.Context(), Events(2))
			if f.afterStatus && h.StatusDecides || f.name == "no body" && h.EmptyAccepts {
				if f.timeout == 0 { // or the status itself may come too late
					taken(t, errs)
				}
				return
			}
			err := failed(t, errs, 2)
			assert.ErrorContains(t, err, f.want)
			_, unavailable := event.IsUnavailable(err)
			assert.True(t, unavailable)
			assert.False(t, event.IsPermanent(err))
			working.Store(true)
			if f.timeout == 0 {
				taken(t, sink.Send(t.Context(), Events(2)))
			}
		})
	}
	t.Run("nobody listens", func(t *testing.T) {
		server := httptest.NewServer(nil)
		server.Close()
		err := failed(t, h.sink(t, Settings{URL: server.URL}).Send(t.Context(), Events(2)), 2)
		assert.ErrorContains(t, err, "failed: connection refused")
	})
	t.Run("no such name", func(t *testing.T) {
		const server = "https://siem..invalid" // no resolver is asked for such a name
		if proxy, _ := http.ProxyFromEnvironment(httptest.NewRequest(http.MethodPost, server, nil)); proxy != nil {
			t.Skip("a proxy would resolve the name")
		}
		err := failed(t, h.sink(t, Settings{URL: server}).Send(t.Context(), Events(2)), 2)
		assert.ErrorContains(t, err, "siem..invalid has a name that cannot be resolved")
	})
}

// CertificateFile writes the certificate of server into a file. It is for 127.0.0.1, and
// not for localhost.
func CertificateFile(t *testing.T, server *httptest.Server) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "ca.pem")
	block := &pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}
	require.NoError(t, os.WriteFile(name, pem.EncodeToMemory(block), 0o600))
	return name
}

func (h HTTP) certificates(t *testing.T) {
	reached := false
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reached = true
		h.Accept(w, r)
	}))
	server.Config.ErrorLog = Discard
	server.StartTLS()
	t.Cleanup(server.Close)
	file := CertificateFile(t, server)
	otherName := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	for name, test := range map[string]struct {
		s    Settings
		want string
	}{
		"unknown authority": {Settings{URL: server.URL}, "has a certificate of an unknown authority"},
		"another name":      {Settings{URL: otherName, CAFile: file}, "has a certificate for another name"},
	} {
		t.Run(name, func(t *testing.T) {
			err := failed(t, h.sink(t, test.s).Send(t.Context(), Events(2)), 2)
			assert.ErrorContains(t, err, test.want)
			assert.False(t, event.IsPermanent(err))
			assert.False(t, reached)
		})
	}
	t.Run("no TLS", func(t *testing.T) {
		plain := httptest.NewServer(nil)
		t.Cleanup(plain.Close)
		sink := h.sink(t, Settings{URL: strings.Replace(plain.URL, "http:", "https:", 1)})
		assert.ErrorContains(t, failed(t, sink.Send(t.Context(), Events(2)), 2), "does not answer with TLS")
	})
	taken(t, h.sink(t, Settings{URL: server.URL, CAFile: file}).Send(t.Context(), Events(2)))
}

func (h HTTP) cancelled(t *testing.T) {
	arrived := make(chan struct{}, 10)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		drain(r)
		arrived <- struct{}{}
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	err := failed(t, h.sink(t, Settings{URL: server.URL}).Send(ctx, Events(2)), 2)
	assert.ErrorIs(t, err, context.Canceled)
	assert.Empty(t, arrived, "nothing more is sent")
}
