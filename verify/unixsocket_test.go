package verify_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

// A proxy that connects through a Unix socket has no address, and can be trusted by
// name.
func TestProxyOnAUnixSocket(t *testing.T) {
	config := func(policy verify.ClientIP) verify.Config {
		return verify.Config{AllowFrom: []string{"198.51.100.7"}, ClientIP: policy}
	}
	for name, c := range map[string]struct {
		policy verify.ClientIP
		header http.Header
		want   int
	}{
		"X-Forwarded-For":              {verify.XForwardedFor("unix"), http.Header{"X-Forwarded-For": {"198.51.100.7"}}, 200},
		"X-Forwarded-For, another":     {verify.XForwardedFor("unix"), http.Header{"X-Forwarded-For": {"198.51.100.7, 203.0.113.5"}}, 403},
		"X-Forwarded-For, two proxies": {verify.XForwardedFor("10.0.0.0/8", "unix"), http.Header{"X-Forwarded-For": {"203.0.113.5, 198.51.100.7, 10.0.0.1"}}, 200},
		"nginx before nginx":           {verify.XForwardedFor("unix"), http.Header{"X-Forwarded-For": {"198.51.100.7, unix:"}}, 200},
		"nothing but sockets":          {verify.XForwardedFor("unix"), http.Header{"X-Forwarded-For": {"unix:"}}, 403},
		"no header":                    {verify.XForwardedFor("unix"), nil, 403},
		"Forwarded":                    {verify.Forwarded("unix"), http.Header{"Forwarded": {"for=198.51.100.7"}}, 200},
		"Forwarded, another":           {verify.Forwarded("unix"), http.Header{"Forwarded": {"for=203.0.113.5"}}, 403},
		"TrustedHeader":                {verify.TrustedHeader("X-Real-IP", "unix"), http.Header{"X-Real-Ip": {"198.51.100.7"}}, 200},
		"TrustedHeader, another":       {verify.TrustedHeader("X-Real-IP", "unix"), http.Header{"X-Real-Ip": {"203.0.113.5"}}, 403},
		"not trusted":                  {verify.XForwardedFor("10.0.0.0/8"), http.Header{"X-Forwarded-For": {"198.51.100.7"}}, 403},
		"no policy":                    {nil, http.Header{"X-Forwarded-For": {"198.51.100.7"}}, 403},
	} {
		t.Run(name, func(t *testing.T) {
			socket := filepath.Join(t.TempDir(), "s")
			listener, err := net.Listen("unix", socket)
			require.NoError(t, err)
			server := &http.Server{Handler: newEndpoint(t, config(c.policy)).Handler(event.NewMux())}
			go func() { _ = server.Serve(listener) }()
			defer server.Close()
			transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, "unix", socket)
			}}
			defer transport.CloseIdleConnections()
			r := signed(t, "http://localhost/", "{}")
			for key, values := range c.header {
				r.Header[key] = values
			}
			res, err := (&http.Client{Transport: transport}).Do(r)
			require.NoError(t, err)
			res.Body.Close()
			assert.Equal(t, c.want, res.StatusCode)

			curl, err := exec.LookPath("curl")
			if errors.Is(err, exec.ErrNotFound) {
				t.Skip("there is no curl here")
			}
			require.NoError(t, err)
			args := []string{"-q", "--silent", "--show-error", "--noproxy", "*", "--max-time", "20", "--unix-socket", socket,
				"--header", sigHeader + ": " + sign(testSecret, "{}"), "--data-binary", "{}", "--output", "/dev/null", "--write-out", "%{http_code}"}
			for key, values := range c.header {
				args = append(args, "--header", key+": "+values[0])
			}
			out, err := exec.CommandContext(t.Context(), curl, append(args, "http://localhost/")...).CombinedOutput()
			require.NoError(t, err, "%s", out)
			assert.Equal(t, strconv.Itoa(c.want), string(out))
		})
	}
}

// Without a listener, as in a function service, it is by RemoteAddr. With one it is by
// that: a middleware may have set RemoteAddr to what a header says.
func TestWhatIsAUnixSocket(t *testing.T) {
	policy := verify.XForwardedFor("unix")
	tcp, unix := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80}, &net.UnixAddr{Name: "/run/hook.sock", Net: "unix"}
	for name, c := range map[string]struct {
		remote string
		local  net.Addr
		want   string
	}{
		"@":                       {"@", nil, "198.51.100.7"},
		"empty":                   {"", nil, "198.51.100.7"},
		"an address":              {"203.0.113.5:1", nil, "203.0.113.5"},
		"anything else":           {"nowhere", nil, ""},
		"@ over TCP":              {"@", tcp, ""},
		"empty over TCP":          {"", tcp, ""},
		"@ over Unix":             {"@", unix, "198.51.100.7"},
		"a named client socket":   {"/tmp/client.sock", unix, "198.51.100.7"},
		"an abstract one":         {"@client", unix, "198.51.100.7"},
		"an address, over a Unix": {"203.0.113.5", unix, "198.51.100.7"},
	} {
		r := from(c.remote, "X-Forwarded-For", "198.51.100.7")
		if c.local != nil {
			r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, c.local))
		}
		a, err := policy(r)
		assert.Equal(t, c.want == "", err != nil, "%s: %v", name, err)
		if err == nil {
			assert.Equal(t, c.want, a.String(), name)
		}
	}
	assert.PanicsWithValue(t, `verify: trusted[1]: "socket" is neither an address nor a network`, func() { verify.XForwardedFor("unix", "socket") })
}

// AllowFrom takes an address without a port, as function services set it.
func TestAllowFromOfAnAddressWithoutAPort(t *testing.T) {
	hook := newEndpoint(t, verify.Config{AllowFrom: []string{"203.0.113.5", "2001:db8::1"}})
	for remote, want := range map[string]int{
		"203.0.113.5": 200, "2001:db8::1": 200, "[2001:db8::1]": 200, "203.0.113.5:80": 200, "203.0.113.6": 403, "": 403, "@": 403,
	} {
		r := signed(t, "http://localhost/", "{}")
		r.RemoteAddr = remote
		w := httptest.NewRecorder()
		hook.Handler(event.NewMux()).ServeHTTP(w, r)
		assert.Equal(t, want, w.Code, remote)
	}
}
