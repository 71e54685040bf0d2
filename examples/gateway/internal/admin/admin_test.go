package admin

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/verify"
)

// patience is how long a test waits for what must come.
const patience = 2 * time.Minute

// adminPaths has a path for each pattern.
var (
	patterns   = []string{"/{$}", "/events", "/page/", "/metrics", "/dead", "/dead/"}
	adminPaths = []string{"/", "/events", "/page/app.js", "/metrics", "/dead", "/dead/6", "/dead/6/retry"}
	methods    = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
)

// A fixture is a server of webhooks and admin paths on a loopback address.
type fixture struct {
	t    *testing.T
	side *Side
	mux  *http.ServeMux // the admin paths: "admin" unless a test adds others
	url  string
	log  *buffer
}

// serve starts a fixture. change changes a configuration of webhooks and admin paths on
// one address, without a password.
func serve(t *testing.T, change func(*Config)) *fixture {
	t.Helper()
	f := &fixture{t: t, mux: http.NewServeMux(), log: new(buffer)}
	server := httptest.NewUnstartedServer(nil)
	c := Config{
		Address: server.Listener.Addr().String(), Listen: server.Listener.Addr(), Shared: true,
		Log: slog.New(slog.NewTextHandler(f.log, nil)),
	}
	if change != nil {
		change(&c)
	}
	var err error
	f.side, err = New(c)
	require.NoError(t, err)
	f.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "admin") })
	all := http.NewServeMux()
	all.HandleFunc("/webhooks/", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "taken") })
	f.side.Register(all, newTestHealth(nil), f.mux, patterns...)
	server.Config.Handler = f.side.Watch(all)
	server.Start()
	t.Cleanup(server.Close)
	f.url = server.URL
	return f
}

// own configures an address of the admin paths' own.
func own(c *Config) { c.Shared = false }

func withPassword(c *Config) {
	accounts, err := verify.NewBasicAuth(verify.NewCredential("ops", adminPassword))
	if err != nil {
		panic(err)
	}
	c.Accounts = func() (*verify.BasicAuth, context.Context) { return accounts, context.Background() }
}

// open configures an address that other machines reach.
func open(c *Config) { c.Listen = &net.TCPAddr{IP: net.IPv4zero, Port: 8080} }

func both(changes ...func(*Config)) func(*Config) {
	return func(c *Config) {
		for _, change := range changes {
			change(c)
		}
	}
}

// request returns a request with the right password.
func (f *fixture) request(method, path string) *http.Request {
	f.t.Helper()
	r, err := http.NewRequestWithContext(f.t.Context(), method, f.url+path, nil)
	require.NoError(f.t, err)
	r.SetBasicAuth("ops", adminPassword)
	return r
}

func (f *fixture) send(r *http.Request) (answer *http.Response, body string) {
	f.t.Helper()
	client := http.Client{Transport: http.DefaultTransport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	require.NoError(f.t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(f.t, err)
	return answer, string(text)
}

// get returns the answer to a request with one more header, if key is not empty.
func (f *fixture) get(path, key, value string) (status int, body string) {
	f.t.Helper()
	r := f.request(http.MethodGet, path)
	switch key {
	case "":
	case "Host":
		r.Host = value
	default:
		r.Header.Set(key, value)
	}
	answer, body := f.send(r)
	return answer.StatusCode, body
}

// requireAll checks that all admin paths answer with status, and whether /healthz shows
// details.
func (f *fixture) requireAll(status int, details bool, msg string) {
	f.t.Helper()
	for _, path := range adminPaths {
		got, _ := f.get(path, "", "")
		assert.Equal(f.t, status, got, "%s %s", msg, path)
	}
	got, body := f.get("/healthz", "", "")
	assert.Equal(f.t, 200, got, msg)
	assert.Equal(f.t, details, strings.Contains(body, "endpoints"), "%s: %s", msg, body)
}

// A buffer is a log that several goroutines write.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func TestCrossSiteRequestsAreRefused(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"shared": nil, "own": own, "password": withPassword, "own, password": both(own, withPassword), "open": both(open, withPassword),
	} {
		t.Run(name, func(t *testing.T) {
			f := serve(t, change)
			for _, test := range []struct {
				sites []string
				want  int
			}{
				{nil, 200},
				{[]string{"none"}, 200},
				{[]string{"same-origin"}, 200},
				{[]string{"same-site"}, 403},
				{[]string{"cross-site"}, 403},
				{[]string{"unheard-of"}, 403},
				{[]string{"same-origin", "cross-site"}, 403},
			} {
				for _, method := range methods {
					for _, path := range adminPaths {
						r := f.request(method, path)
						r.Header["Sec-Fetch-Site"] = test.sites
						answer, body := f.send(r)
						assert.Equal(t, test.want, answer.StatusCode, "%s %s %s", method, path, test.sites)
						if test.want == 403 {
							assert.NotContains(t, body, "admin")
							if method != "HEAD" {
								assert.Contains(t, body, "type the address yourself")
							}
						}
					}
				}
				r := f.request(http.MethodGet, "/healthz")
				r.Header["Sec-Fetch-Site"] = test.sites
				_, body := f.send(r)
				assert.Equal(t, test.want == 200, strings.Contains(body, "endpoints"), "%s", test.sites)
			}
			status, _ := f.get("/webhooks/relock", "Sec-Fetch-Site", "cross-site")
			assert.Equal(t, 200, status, "a webhook")
			f.requireAll(200, true, "afterwards")
		})
	}
}

// Browsers send no Sec-Fetch-Site over plain HTTP to another machine, and old ones never.
func TestOriginsWithoutSecFetchSite(t *testing.T) {
	f := serve(t, nil)
	for origin, want := range map[string]int{
		"https://evil.example": 403, "null": 403, "http://localhost": 403, "http://127.0.0.1:1": 403, f.url: 200,
	} {
		for _, method := range methods {
			for _, path := range adminPaths {
				r := f.request(method, path)
				r.Header.Set("Origin", origin)
				answer, _ := f.send(r)
				assert.Equal(t, want, answer.StatusCode, "%s %s %s", method, path, origin)
			}
		}
	}
	r := f.request(http.MethodPost, "/dead/6/retry")
	r.Header["Origin"] = []string{f.url, "https://evil.example"}
	answer, _ := f.send(r)
	assert.Equal(t, 403, answer.StatusCode)
}

// Of a reading request over plain HTTP they send no Origin either.
func TestReferer(t *testing.T) {
	f := serve(t, nil)
	for referer, want := range map[string]int{"http://evil.example/": 403, "http://127.0.0.1:1/": 403, "about:blank": 403, f.url + "/": 200} {
		for _, path := range adminPaths {
			r := f.request(http.MethodGet, path)
			r.Header.Set("Referer", referer)
			answer, _ := f.send(r)
			assert.Equal(t, want, answer.StatusCode, "%s %s", path, referer)
		}
	}
}

func TestSecurityHeaders(t *testing.T) {
	f := serve(t, withPassword)
	f.mux.HandleFunc("/page/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'")
	})
	f.mux.HandleFunc("GET /events", http.NotFound)
	for name, test := range map[string]struct {
		change func(*http.Request)
		path   string
		want   int
	}{
		"the answer":      {nil, "/metrics", 200},
		"another method":  {func(r *http.Request) { r.Method = http.MethodPut }, "/events", 200},
		"not found":       {nil, "/events", 404},
		"no password":     {func(r *http.Request) { r.Header.Del("Authorization") }, "/metrics", 401},
		"a wrong one":     {func(r *http.Request) { r.SetBasicAuth("ops", "canary") }, "/healthz", 401},
		"another site":    {func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, "/", 403},
		"another host":    {func(r *http.Request) { r.Host = "evil.example" }, "/dead", 403},
		"details":         {nil, "/healthz", 200},
		"the public part": {func(r *http.Request) { r.Header.Del("Authorization") }, "/healthz", 200},
		"readiness":       {nil, "/readyz", 200},
	} {
		r := f.request(http.MethodGet, test.path)
		if test.change != nil {
			test.change(r)
		}
		answer, _ := f.send(r)
		assert.Equal(t, test.want, answer.StatusCode, name)
		assert.Equal(t, "nosniff", answer.Header.Get("X-Content-Type-Options"), name)
		assert.Equal(t, "no-store", answer.Header.Get("Cache-Control"), name)
		assert.Equal(t, "default-src 'none'; frame-ancestors 'none'", answer.Header.Get("Content-Security-Policy"), name)
		assert.Equal(t, "same-origin", answer.Header.Get("Cross-Origin-Resource-Policy"), name)
		assert.Equal(t, "no-referrer", answer.Header.Get("Referrer-Policy"), name)
	}
	answer, _ := f.send(f.request(http.MethodGet, "/page/"))
	assert.Equal(t, []string{"default-src 'none'; script-src 'self'"}, answer.Header.Values("Content-Security-Policy"), "the page's own")
}

// A stream sets deadlines of its own, and is flushed.
func TestGuardedStreams(t *testing.T) {
	f := serve(t, withPassword)
	f.mux.HandleFunc("/events", func(w http.ResponseWriter, _ *http.Request) {
		c := http.NewResponseController(w)
		assert.NoError(t, c.SetReadDeadline(time.Time{}))
		assert.NoError(t, c.SetWriteDeadline(time.Now().Add(patience)))
		assert.NoError(t, c.Flush())
	})
	status, _ := f.get("/events", "", "")
	assert.Equal(t, 200, status)
}

func TestAddressesWithoutAPassword(t *testing.T) {
	f := serve(t, open)
	f.requireAll(404, false, "shared")
	status, body := f.get("/metrics", "Sec-Fetch-Site", "cross-site")
	assert.Equal(t, 404, status)
	assert.Equal(t, "404 page not found\n", body, "it does not tell what is there")
	assert.Contains(t, f.log.String(), `level=INFO msg="the admin paths are not served`)

	for _, address := range []net.Addr{&net.TCPAddr{IP: net.IPv4zero, Port: 1}, &net.TCPAddr{IP: net.ParseIP("192.0.2.1"), Port: 1}, &net.TCPAddr{Port: 1}, &net.UnixAddr{Name: "/run/gateway"}} {
		_, err := New(Config{Address: "gate:1", Listen: address, Log: slog.New(slog.DiscardHandler)})
		require.ErrorContains(t, err, `-admin-addr: "gate:1" is not a loopback address`, "%s", address)
		assert.ErrorContains(t, err, "ADMIN_CREDENTIALS")
	}
	for _, address := range []string{"127.0.0.1", "127.9.9.9", "::1"} {
		_, err := New(Config{Listen: &net.TCPAddr{IP: net.ParseIP(address)}, Log: slog.New(slog.DiscardHandler)})
		assert.NoError(t, err)
	}
}

func TestPasswordInClearIsWarnedOf(t *testing.T) {
	const inClear = "the admin password can be read on its way"
	for name, test := range map[string]struct {
		change func(*Config)
		want   bool
	}{
		"loopback":  {withPassword, false},
		"open":      {both(withPassword, open), true},
		"own, open": {both(withPassword, own, open), true},
		"TLS":       {both(withPassword, open, func(c *Config) { c.TLS = true }), false},
		"no login":  {open, false},
	} {
		f := serve(t, test.change)
		assert.Equal(t, test.want, strings.Contains(f.log.String(), inClear), name)
	}
}
