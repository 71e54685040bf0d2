package admin

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const closedWarning = `level=WARN msg="the admin paths are closed until a restart`

// requireClosed checks that the admin paths are closed, that the answer and the log say
// why, and that webhooks are still taken.
func (f *fixture) requireClosed(hint string) {
	f.t.Helper()
	f.requireAll(403, false, hint)
	_, body := f.get("/metrics", "", "")
	assert.Contains(f.t, body, "ADMIN_CREDENTIALS", hint)
	assert.Contains(f.t, body, "-admin-addr", hint)
	assert.Equal(f.t, 1, strings.Count(f.log.String(), closedWarning), "%s: %s", hint, f.log)
	assert.Contains(f.t, f.log.String(), hint)
	status, body := f.get("/webhooks/relock", "", "")
	assert.Equal(f.t, 200, status)
	assert.Equal(f.t, "taken", body)
}

func TestHeadersOfProxies(t *testing.T) {
	password := serve(t, withPassword)
	alone := serve(t, own)
	for _, header := range []string{
		"Forwarded", "Via", "X-Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Server",
		"X-Forwarded-Client-Cert", "x-forwarded-for", "X-Forward-For", "X-Real-IP", "X-Client-IP", "X-Cluster-Client-Ip", "True-Client-IP", "Client-IP",
		"CF-Connecting-IP", "CF-Ray", "CF-Visitor", "CDN-Loop", "X-Envoy-External-Address", "X-Envoy-Internal", "Fastly-Client-IP", "Fastly-FF",
		"X-Azure-ClientIP", "X-Azure-FDID", "X-ARR-SSL", "Disguised-Host", "Max-Forwards", "X-Original-For", "X-Original-Host", "X-Original-URI", "X-Original-Forwarded-For",
		"X-Amzn-Trace-Id", "X-Amz-Cf-Id", "CloudFront-Viewer-Address", "X-Cloud-Trace-Context", "X-Appengine-User-IP", "Fly-Client-IP", "Fly-Region",
		"Akamai-Origin-Hop", "X-Akamai-Edgescape", "Incap-Client-IP", "X-Sucuri-ClientIP", "X-Vercel-Id", "X-NF-Client-Connection-IP", "X-Ngrok-Trace",
		"Tailscale-User-Login", "Do-Connecting-IP", "Rndr-Id", "l5d-dst-canonical", "Proxy-Connection", "Proxy-Client-IP", "WL-Proxy-Client-IP", "X-ProxyUser-IP", "X-Proxy-Id",
		"X-Varnish", "X-Request-Start", "X-Scheme", "X-Url-Scheme", "Front-End-Https", "X-Client-Cert", "X-Host", "X-Originating-IP",
		"Remote-Addr", "X-Remote-Addr", "X-Remote-IP", "X-Rewrite-URL", "X-Fastly-Imageopto-Api", "X-Real-IP-Of-Client",
	} {
		t.Run(header, func(t *testing.T) {
			f := serve(t, nil)
			status, _ := f.get("/webhooks/relock", header, "canary-value")
			assert.Equal(t, 200, status)
			f.requireClosed(fmt.Sprintf("hint=%q", "the header "+http.CanonicalHeaderKey(header)))
			assert.NotContains(t, f.log.String(), "canary")

			for path, want := range map[string]int{"/metrics": 403, "/webhooks/relock": 200} {
				status, _ := alone.get(path, header, "127.0.0.1")
				assert.Equal(t, want, status, "an address of its own: %s", path)
			}
			_, body := alone.get("/healthz", header, "127.0.0.1")
			assert.NotContains(t, body, "endpoints")
			status, _ = password.get("/metrics", header, "203.0.113.9")
			assert.Equal(t, 200, status, "password")
		})
	}
	alone.requireAll(200, true, "an address of its own is open again")
	assert.Empty(t, alone.log.String())
}

// A hint on any path counts, whatever it says.
func TestHintsOnAnyPath(t *testing.T) {
	for _, path := range append([]string{"/webhooks/relock", "/healthz", "/readyz", "/unknown"}, adminPaths...) {
		for _, value := range []string{"203.0.113.9", "127.0.0.1", ""} {
			f := serve(t, nil)
			f.requireAll(200, true, "before")
			f.get(path, "X-Forwarded-For", value)
			f.requireClosed("the header X-Forwarded-For")
		}
	}
}

// What senders of webhooks, browsers and command-line clients send themselves.
func TestHeadersOfClients(t *testing.T) {
	f := serve(t, nil)
	r := f.request(http.MethodPost, "/webhooks/relock")
	for _, header := range []string{
		"Accept", "Accept-Encoding", "Cache-Control", "Connection", "Content-Type", "Cookie", "Dnt", "If-None-Match", "Last-Event-Id", "Origin", "Priority",
		"Referer", "Sec-Fetch-Mode", "Traceparent", "Upgrade-Insecure-Requests", "User-Agent", "Webhook-Id", "X-Client-Data", "X-Custom", "X-Forwarder",
		"X-Relock-Signature", "X-Request-Id", "X-Requested-With", "Viaduct", "Cfx-Ray", "X",
	} {
		r.Header.Set(header, "1")
	}
	answer, _ := f.send(r)
	assert.Equal(t, 200, answer.StatusCode)
	f.requireAll(200, true, "afterwards")
	assert.Empty(t, f.log.String())
}

// Public flaws of this kind: CVE-2018-5702 (Transmission), CVE-2024-28224 (Ollama).
func TestHosts(t *testing.T) {
	named := func(c *Config) { c.Address = "Gate.internal:8080" }
	alone, password, everywhere := serve(t, both(own, named)), serve(t, both(withPassword, named)), serve(t, both(withPassword, open))
	for _, test := range []struct {
		host          string
		shared, other bool // whether it is taken for this machine
	}{
		{"localhost:PORT", true, true},
		{"LocalHost.:PORT", true, true},
		{"127.0.0.1:PORT", true, true},
		{"127.0.0.2:PORT", true, true},
		{"[::1]:PORT", true, true},
		{"[::ffff:127.0.0.1]:PORT", true, true},
		{"gate.Internal:PORT", true, true},
		{"gate.internal.:PORT", true, true},
		{"localhost", false, true},
		{"localhost:", false, true},
		{"localhost:1234", false, true},
		{"localhost:0PORT", false, true},
		{"[::1]", false, true},
		{"[::1]:8080", false, true},
		{"127.0.0.1:443", false, true},
		{"gate.internal:8080", false, true},
		{"evil.example", false, false},
		{"evil.example:PORT", false, false},
		{"localhost.evil.test:PORT", false, false},
		{"127.0.0.1.evil.test:PORT", false, false},
		{"127.1:PORT", false, false},
		{"0x7f.1:PORT", false, false},
		{"2130706433:PORT", false, false},
		{"127.0.0.01:PORT", false, false},
		{"evil-localhost:PORT", false, false},
		{"localhost..:PORT", false, false},
		{".:PORT", false, false},
		{":PORT", false, false},
		{"localhost:80:80", false, false},
		{"192.0.2.1:PORT", false, false},
		{"0.0.0.0:PORT", false, false},
		{"[::]:PORT", false, false},
		{"[::1:PORT", false, false},
	} {
		t.Run(test.host, func(t *testing.T) {
			f := serve(t, named)
			at := func(f *fixture) string {
				u, err := url.Parse(f.url)
				require.NoError(t, err)
				return strings.ReplaceAll(test.host, "PORT", u.Port())
			}
			status, _ := f.get("/webhooks/relock", "Host", at(f))
			assert.Equal(t, 200, status, "a webhook is never refused")
			if test.shared {
				f.requireAll(200, true, "shared")
				assert.Empty(t, f.log.String())
			} else {
				f.requireClosed("the Host header " + at(f))
			}

			for name, f := range map[string]*fixture{"own": alone, "password": password, "open": everywhere} {
				want := map[bool]int{true: 200, false: 403}[test.other || name == "open"]
				status, _ := f.get("/metrics", "Host", at(f))
				assert.Equal(t, want, status, name)
				_, body := f.get("/healthz", "Host", at(f))
				assert.Equal(t, want == 200, strings.Contains(body, "endpoints"), name)
			}
		})
	}
	alone.requireAll(200, true, "afterwards")
	password.requireAll(200, true, "afterwards")
}

// HTTP/1.0 needs no Host header.
func TestNoHost(t *testing.T) {
	for _, path := range []string{"/webhooks/relock", "/metrics"} {
		noHost := func(c *Config) { c.Address = ":8080" }
		shared, alone := serve(t, noHost), serve(t, both(own, noHost))
		for name, f := range map[string]*fixture{"shared": shared, "own": alone} {
			c, err := net.Dial("tcp", strings.TrimPrefix(f.url, "http://"))
			require.NoError(t, err)
			defer c.Close()
			_, err = io.WriteString(c, "GET "+path+" HTTP/1.0\r\n\r\n")
			require.NoError(t, err)
			answer, err := http.ReadResponse(bufio.NewReader(c), nil)
			require.NoError(t, err)
			want := map[bool]int{true: 403, false: 200}[path == "/metrics"]
			assert.Equal(t, want, answer.StatusCode, name)
		}
		shared.requireClosed(`hint="the Host header "`)
		alone.requireAll(200, true, path)
	}
}

// A relay that passes bytes unchanged has a port of its own.
func TestPlainRelay(t *testing.T) {
	f := serve(t, nil)
	relay, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer relay.Close()
	go func() {
		for {
			from, err := relay.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("tcp", strings.TrimPrefix(f.url, "http://"))
			if err != nil {
				from.Close()
				return
			}
			go func() { _, _ = io.Copy(to, from); to.Close() }()
			go func() { _, _ = io.Copy(from, to); from.Close() }()
		}
	}()
	through := *f
	through.url = "http://" + relay.Addr().String()
	r := through.request(http.MethodDelete, "/dead/6")
	r.Close = true
	answer, body := f.send(r)
	assert.Equal(t, 403, answer.StatusCode)
	assert.Contains(t, body, "-admin-addr")
	f.requireClosed("the Host header " + relay.Addr().String())
}

// Without a port, the Host header means that of the scheme.
func TestUsualPorts(t *testing.T) {
	for _, test := range []struct {
		port int
		tls  bool
		want bool
	}{{80, false, true}, {443, true, true}, {443, false, false}, {80, true, false}} {
		f := serve(t, func(c *Config) { c.Listen = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: test.port} })
		r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		r.Host = "localhost"
		if test.tls {
			r.TLS = new(tls.ConnectionState)
		}
		w := httptest.NewRecorder()
		f.side.Guard(f.mux).ServeHTTP(w, r)
		assert.Equal(t, test.want, w.Code == 200, "%+v", test)
	}
}

func TestSettingsOfAProxy(t *testing.T) {
	f := serve(t, func(c *Config) { c.ProxySetting = "-trust" })
	f.requireClosed("hint=-trust")

	set := func(c *Config) { c.ProxySetting, c.ClientHeader = "-client-ip", "x-Customer" }
	alone := serve(t, both(own, set))
	alone.requireAll(200, true, "own")
	status, body := alone.get("/metrics", "X-Customer", "127.0.0.1")
	assert.Equal(t, 403, status)
	assert.Contains(t, body, "ADMIN_CREDENTIALS")
	password := serve(t, both(withPassword, set))
	password.requireAll(200, true, "password")
	assert.Empty(t, alone.log.String()+password.log.String())
}

// Someone who reads events through a relay must not go on when it is noticed.
func TestHintEndsRunningRequests(t *testing.T) {
	for _, hint := range []string{"Via", ""} {
		f := serve(t, nil)
		began, ended := make(chan struct{}), make(chan struct{})
		f.mux.HandleFunc("/events", func(_ http.ResponseWriter, r *http.Request) {
			close(began)
			<-r.Context().Done()
			close(ended)
		})
		r := f.request(http.MethodGet, "/events")
		go func() {
			answer, err := http.DefaultClient.Do(r)
			if err == nil {
				answer.Body.Close()
			}
		}()
		<-began
		f.get("/webhooks/relock", hint, "1")
		if hint == "" {
			select {
			case <-ended:
				assert.Fail(t, "it ends without a hint")
			default:
			}
			f.get("/webhooks/relock", "Via", "1") // so that the server can close
		}
		select {
		case <-ended:
		case <-time.After(patience):
			require.Fail(t, "it goes on")
		}
	}
}

// What a log shows of a Host header is short and cannot change a terminal.
func TestHintsAreLoggedOnce(t *testing.T) {
	f := serve(t, nil)
	h := f.side.Watch(http.NotFoundHandler())
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			r := httptest.NewRequest(http.MethodGet, "/webhooks/relock", nil)
			r.Host = "\x1b[2J\u202e" + strings.Repeat("x", 1000)
			h.ServeHTTP(httptest.NewRecorder(), r)
		})
	}
	all.Wait()
	assert.Equal(t, 1, strings.Count(f.log.String(), closedWarning))
	assert.Contains(t, f.log.String(), `the Host header \\x1b[2J\\u202exxx`)
	assert.Less(t, len(f.log.String()), 500)
}
