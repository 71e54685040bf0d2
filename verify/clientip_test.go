package verify_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

func from(remote string, header ...string) *http.Request {
	r := post(header...)
	r.RemoteAddr = remote
	return r
}

func TestRemoteAddr(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.1:4711": "192.0.2.1", "[2001:db8::1]:4711": "2001:db8::1", "[::ffff:192.0.2.1]:4711": "192.0.2.1", "[fe80::1%eth0]:4711": "fe80::1",
		// Without a port, as a function service or chi's RealIP sets it.
		"192.0.2.1": "192.0.2.1", "2001:db8::1": "2001:db8::1", "[2001:db8::1]": "2001:db8::1", "::ffff:192.0.2.1": "192.0.2.1", "fe80::1%eth0": "fe80::1",
		"": "", "@": "", "pipe": "", "192.0.2.1:": "", "192.0.2": "", "[192.0.2.1]": "", "2001:db8::1]": "", "192.0.2.1, 198.51.100.1": "",
	} {
		a, err := verify.RemoteAddr(from(remote, "X-Forwarded-For", "198.51.100.1"))
		assert.Equal(t, want == "", err != nil, remote)
		if err == nil {
			assert.Equal(t, want, a.String(), remote)
		}
	}
}

func TestXForwardedFor(t *testing.T) {
	policy := verify.XForwardedFor("10.0.0.0/8", "192.168.1.1", "2001:db8:ffff::/48", "::ffff:172.16.0.1")
	for name, c := range map[string]struct {
		remote  string
		headers []string
		want    string // "" for an error
	}{
		"one proxy":                      {"10.0.0.1:1", []string{"198.51.100.7"}, "198.51.100.7"},
		"two proxies":                    {"10.0.0.1:1", []string{"198.51.100.7, 10.9.9.9"}, "198.51.100.7"},
		"made up by the client":          {"10.0.0.1:1", []string{"203.0.113.5, 198.51.100.7"}, "198.51.100.7"},
		"a trusted one made up":          {"10.0.0.1:1", []string{"10.1.1.1, 198.51.100.7, 10.2.2.2"}, "198.51.100.7"},
		"garbage of the client's":        {"10.0.0.1:1", []string{"<script>,, 198.51.100.7"}, "198.51.100.7"},
		"several lines":                  {"10.0.0.1:1", []string{"203.0.113.5", "198.51.100.7, 10.3.3.3"}, "198.51.100.7"},
		"last line counts first":         {"10.0.0.1:1", []string{"198.51.100.7", "203.0.113.5"}, "203.0.113.5"},
		"not from a proxy":               {"203.0.113.9:1", []string{"198.51.100.7"}, "203.0.113.9"},
		"a proxy of IPv4 over IPv6":      {"[::ffff:10.0.0.1]:1", []string{"198.51.100.7"}, "198.51.100.7"},
		"a mapped entry":                 {"10.0.0.1:1", []string{"::ffff:198.51.100.7"}, "198.51.100.7"},
		"a mapped trusted entry":         {"10.0.0.1:1", []string{"198.51.100.7, ::ffff:10.4.4.4"}, "198.51.100.7"},
		"a proxy given as mapped":        {"172.16.0.1:1", []string{"198.51.100.7"}, "198.51.100.7"},
		"IPv6":                           {"[2001:db8:ffff::2]:1", []string{"2001:db8:1::7"}, "2001:db8:1::7"},
		"IPv6 with a zone":               {"10.0.0.1:1", []string{"fe80::7%eth0"}, "fe80::7"},
		"with a port":                    {"10.0.0.1:1", []string{"198.51.100.7:51234"}, "198.51.100.7"},
		"brackets":                       {"10.0.0.1:1", []string{"[2001:db8:1::7]"}, "2001:db8:1::7"},
		"brackets and port":              {"10.0.0.1:1", []string{"[2001:db8:1::7]:443"}, "2001:db8:1::7"},
		"all trusted":                    {"10.0.0.1:1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		"nothing":                        {"10.0.0.1:1", nil, ""},
		"empty":                          {"10.0.0.1:1", []string{""}, ""},
		"empty entry at the end":         {"10.0.0.1:1", []string{"198.51.100.7, "}, "198.51.100.7"},
		"empty entries between":          {"10.0.0.1:1", []string{"198.51.100.7,, \t,10.9.9.9"}, "198.51.100.7"},
		"empty lines":                    {"10.0.0.1:1", []string{"", "198.51.100.7", "", ","}, "198.51.100.7"},
		"nothing but empty entries":      {"10.0.0.1:1", []string{" , ,,", ""}, ""},
		"100,000 empty entries":          {"10.0.0.1:1", []string{"198.51.100.7" + strings.Repeat(",", 100_000)}, "198.51.100.7"},
		"no address":                     {"10.0.0.1:1", []string{"unknown"}, ""},
		"no address behind a trusted":    {"10.0.0.1:1", []string{"unknown, 10.0.0.2"}, ""},
		"a name":                         {"10.0.0.1:1", []string{"localhost"}, ""},
		"leading zeros":                  {"10.0.0.1:1", []string{"010.0.0.1"}, ""},
		"no peer":                        {"", []string{"198.51.100.7"}, ""},
		"neighbour of a bare proxy":      {"192.168.1.2:1", []string{"198.51.100.7"}, "192.168.1.2"},
		"100,000 entries of an attacker": {"10.0.0.1:1", []string{strings.Repeat("10.0.0.1,", 100_000) + "198.51.100.7"}, "198.51.100.7"},
	} {
		r := from(c.remote, "X-Real-IP", "203.0.113.99", "Forwarded", "for=203.0.113.98")
		r.Header["X-Forwarded-For"] = c.headers
		a, err := policy(r)
		assert.Equal(t, c.want == "", err != nil, "%s: %v", name, err)
		if err == nil {
			assert.Equal(t, c.want, a.String(), name)
		}
		assert.Equal(t, c.remote, r.RemoteAddr, "the request is left alone")
	}
}

func TestForwarded(t *testing.T) {
	policy := verify.Forwarded("10.0.0.0/8")
	for header, want := range map[string]string{
		`for=198.51.100.7`:                                     "198.51.100.7",
		`For=198.51.100.7;proto=https;by=10.0.0.1`:             "198.51.100.7",
		`proto=https ; for=198.51.100.7`:                       "198.51.100.7",
		`for="198.51.100.7:51234"`:                             "198.51.100.7",
		`for="[2001:db8:1::7]:443"`:                            "2001:db8:1::7",
		`for="[2001:db8:1::7]"`:                                "2001:db8:1::7",
		`for=203.0.113.5, for=198.51.100.7`:                    "198.51.100.7",
		`for=203.0.113.5,for=198.51.100.7, for=10.2.2.2`:       "198.51.100.7",
		`for="\1\9\8.51.100.7"`:                                "198.51.100.7",
		`, for=198.51.100.7 ,`:                                 "198.51.100.7",
		`for=203.0.113.5;host="a,b;for=10.0.0.1",for=10.0.0.2`: "203.0.113.5",
		`for=unknown`:                                          "",
		`for=_hidden`:                                          "",
		`for=unknown, for=10.0.0.2`:                            "",
		`proto=https`:                                          "",
		`for=10.0.0.9, proto=https`:                            "",
		``:                                                     "",
		`for="198.51.100.7`:                                    "",
		`for=", for=198.51.100.7`:                              "",
		`for="\`:                                               "",
		`for`:                                                  "",
		`for=`:                                                 "",
		`=198.51.100.7`:                                        "",
		`for=a"b`:                                              "",
		`for=198.51.100.7 for=203.0.113.5`:                     "",
		`for=198.51.100.7;for=203.0.113.5`:                     "",
		`fo r=198.51.100.7`:                                    "",
		`for=198.51.100.7;;proto=https`:                        "198.51.100.7",
		"for=198.51.100.7\t;\tproto=https\t":                   "198.51.100.7",
	} {
		a, err := policy(from("10.0.0.1:1", "Forwarded", header, "X-Forwarded-For", "203.0.113.99"))
		assert.Equal(t, want == "", err != nil, "%s: %v %v", header, a, err)
		if err == nil {
			assert.Equal(t, want, a.String(), header)
		}
	}
	a, err := policy(from("203.0.113.9:1", "Forwarded", "for=198.51.100.7"))
	require.NoError(t, err)
	assert.Equal(t, "203.0.113.9", a.String(), "not from a proxy")
	a, err = policy(from("10.0.0.1:1", "Forwarded", "for=203.0.113.5", "Forwarded", "for=198.51.100.7"))
	require.NoError(t, err)
	assert.Equal(t, "198.51.100.7", a.String(), "several lines")
}

// The header may be as long as the server takes headers, and the sender has
// written most of it.
func TestForwardedOfManyElements(t *testing.T) {
	policy := verify.Forwarded("10.0.0.0/8")
	params := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "p%d=1;", i)
		}
		return b.String()
	}
	for header, c := range map[string]struct {
		text string
		want string
	}{
		"elements":            {strings.Repeat("a=1,", 1<<18) + "for=198.51.100.7", "198.51.100.7"},
		"elements, capitals":  {strings.Repeat("FOR=1,", 1<<17) + "FOR=198.51.100.7", "198.51.100.7"},
		"parameters":          {params(15) + "for=198.51.100.7", "198.51.100.7"},
		"too many parameters": {params(1<<17) + "for=198.51.100.7", ""},
		"another element's":   {params(16) + "," + params(15) + "for=198.51.100.7", "198.51.100.7"},
		"capitals, repeated":  {"For=198.51.100.7;fOR=203.0.113.5", ""},
	} {
		r := from("10.0.0.1:1", "Forwarded", c.text)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		a, err := policy(r)
		runtime.ReadMemStats(&after)
		assert.Equal(t, c.want == "", err != nil, "%s: %v", header, err)
		if err == nil {
			assert.Equal(t, c.want, a.String(), header)
		}
		assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(32*len(c.text)+1<<16), header)
	}
}

func TestTrustedHeader(t *testing.T) {
	policy := verify.TrustedHeader("x-real-ip", "10.0.0.1")
	for name, c := range map[string]struct {
		remote  string
		headers []string
		want    string
	}{
		"told":             {"10.0.0.1:1", []string{"198.51.100.7"}, "198.51.100.7"},
		"mapped":           {"10.0.0.1:1", []string{" ::ffff:198.51.100.7 "}, "198.51.100.7"},
		"not from a proxy": {"10.0.0.2:1", []string{"198.51.100.7"}, "10.0.0.2"},
		"missing":          {"10.0.0.1:1", nil, ""},
		"twice":            {"10.0.0.1:1", []string{"198.51.100.7", "198.51.100.7"}, ""},
		"a list":           {"10.0.0.1:1", []string{"198.51.100.7, 203.0.113.5"}, ""},
		"empty":            {"10.0.0.1:1", []string{""}, ""},
	} {
		r := from(c.remote, "X-Forwarded-For", "203.0.113.99")
		r.Header["X-Real-Ip"] = c.headers
		a, err := policy(r)
		assert.Equal(t, c.want == "", err != nil, "%s: %v", name, err)
		if err == nil {
			assert.Equal(t, c.want, a.String(), name)
		}
	}
	for _, bad := range []func(){
		func() { verify.TrustedHeader("", "10.0.0.1") },
		func() { verify.TrustedHeader("X-Forwarded-For", "10.0.0.1") },
		func() { verify.TrustedHeader("forwarded", "10.0.0.1") },
		func() { verify.TrustedHeader("X-Real-IP") },
		func() { verify.XForwardedFor() },
		func() { verify.XForwardedFor("10.0.0.0/33") },
		func() { verify.XForwardedFor("proxy.example.com") },
		func() { verify.XForwardedFor("fe80::1%eth0") },
		func() { verify.Forwarded("") },
		func() { verify.XForwardedFor("::ffff:10.0.0.0/104") },
	} {
		assert.Panics(t, bad)
	}
}

// chi's RealIP believed X-Forwarded-For of anybody (GHSA-3fxj-6jh8-hvhx,
// golang/vulndb#5774, #5775, #5777; go-chi/chi#967), and three headers at once.
func TestAdvisory_GHSA_3fxj_6jh8_hvhx_HeaderOfAnybody(t *testing.T) {
	attacker := "203.0.113.66:1"
	for _, policy := range []verify.ClientIP{
		verify.RemoteAddr, verify.XForwardedFor("10.0.0.1"), verify.Forwarded("10.0.0.1"), verify.TrustedHeader("X-Real-IP", "10.0.0.1"),
	} {
		a, err := policy(from(attacker, "X-Forwarded-For", "10.0.0.1", "X-Real-IP", "10.0.0.1", "True-Client-IP", "10.0.0.1", "Forwarded", "for=10.0.0.1"))
		require.NoError(t, err)
		assert.Equal(t, "203.0.113.66", a.String())
	}
}

// An allow-list behind a proxy saw the proxy's address only (adnanh/webhook#505,
// #135, #584); one that believed X-Forwarded-For of anybody could be passed with
// a header (Adyen/adyen-magento2#784).
func TestIssue505_adnanhWebhook_AllowFromBehindAProxy(t *testing.T) {
	hook := newEndpoint(t, verify.Config{
		AllowFrom: []string{"198.51.100.0/24"},
		ClientIP:  verify.XForwardedFor("10.0.0.0/8"),
	})
	for name, c := range map[string]struct {
		remote  string
		headers []string
		want    int
	}{
		"the vendor":                        {"10.0.0.1:1", []string{"198.51.100.7"}, 200},
		"the vendor, two proxies":           {"10.0.0.1:1", []string{"198.51.100.7, 10.0.0.2"}, 200},
		"another":                           {"10.0.0.1:1", []string{"203.0.113.66"}, 403},
		"another, with the vendor's":        {"10.0.0.1:1", []string{"198.51.100.7, 203.0.113.66"}, 403},
		"another, with a line of its own":   {"10.0.0.1:1", []string{"198.51.100.7", "203.0.113.66"}, 403},
		"another, past the proxy":           {"203.0.113.66:1", []string{"198.51.100.7"}, 403},
		"another, past it, with a proxy's":  {"203.0.113.66:1", []string{"198.51.100.7, 10.0.0.1"}, 403},
		"the vendor, past the proxy":        {"198.51.100.7:1", nil, 200},
		"the proxy itself, without a word":  {"10.0.0.1:1", nil, 403},
		"the proxy itself, as its own":      {"10.0.0.1:1", []string{"10.0.0.1"}, 403},
		"the vendor, by other headers only": {"10.0.0.1:1", []string{}, 403},
	} {
		r := signed(t, "http://localhost/", "{}")
		r.RemoteAddr = c.remote
		r.Header["X-Forwarded-For"] = c.headers
		r.Header.Set("X-Real-IP", "198.51.100.7")
		r.Header.Set("Forwarded", "for=198.51.100.7")
		w := httptest.NewRecorder()
		hook.Handler(event.NewMux()).ServeHTTP(w, r)
		assert.Equal(t, c.want, w.Code, name)
	}
}

// adnanh/webhook made 2001:db8::1 of an allow-list into 2001:db8::/32, which are
// 2^96 addresses (hook.go).
func TestHookGo_adnanhWebhook_BareIPv6IsOneAddress(t *testing.T) {
	hook := newEndpoint(t, verify.Config{AllowFrom: []string{"2001:db8::1", "192.0.2.1", "198.51.100.0/24"}})
	for remote, want := range map[string]int{
		"[2001:db8::1]:1": 200, "[2001:db8:ffff::9]:1": 403, "[2001:db8::2]:1": 403,
		"192.0.2.1:1": 200, "192.0.2.2:1": 403, "[::ffff:192.0.2.1]:1": 200, "198.51.100.200:1": 200, "198.51.101.1:1": 403,
		"[2001:db8::1%eth0]:1": 200, "": 403, "nowhere": 403,
	} {
		r := signed(t, "http://localhost/", "{}")
		r.RemoteAddr = remote
		w := httptest.NewRecorder()
		hook.Handler(event.NewMux()).ServeHTTP(w, r)
		assert.Equal(t, want, w.Code, remote)
		if want == 403 {
			assert.JSONEq(t, `{"error":"forbidden"}`, w.Body.String())
		}
		_, err := hook.Check(r, []byte("{}"))
		assert.Equal(t, want, verify.Status(err), "Check %s", remote)
	}
	for field, c := range map[string]verify.Config{
		"AllowFrom is empty":    {AllowFrom: []string{}},
		"AllowFrom[1]":          {AllowFrom: []string{"192.0.2.1", "example.com"}},
		"AllowFromReport[0]":    {AllowFromReport: []string{"192.0.2.0/40"}},
		"RateLimit.Requests is": {RateLimit: verify.RateLimit{Clients: 5}},
		"RateLimit.Clients":     {RateLimit: verify.RateLimit{Requests: 1, Clients: -5}},
		"RateLimit.Per":         {RateLimit: verify.RateLimit{Requests: 1, Per: -5}},
		"Requests is negative":  {RateLimit: verify.RateLimit{Requests: -1}},
	} {
		_, err := verify.NewEndpoint(verify.Definition{Vendor: "v", Verifier: testVerifier(t, testSecret), Decode: nothing, Config: c})
		assert.ErrorContains(t, err, field)
	}
}

func FuzzForwarded(f *testing.F) {
	f.Add(`for=198.51.100.7;proto=https, for="[2001:db8::1]:1"`)
	f.Add(`for="a\"b", for=10.0.0.1`)
	forwarded, xff := verify.Forwarded("10.0.0.0/8"), verify.XForwardedFor("10.0.0.0/8")
	f.Fuzz(func(t *testing.T, sent string) {
		// Whatever a client sends, what the proxy adds behind it decides.
		a, err := xff(from("10.0.0.1:1", "X-Forwarded-For", sent+", 198.51.100.7"))
		require.NoError(t, err)
		require.Equal(t, "198.51.100.7", a.String())
		if a, err := forwarded(from("10.0.0.1:1", "Forwarded", sent+", for=198.51.100.7")); err == nil {
			require.Equal(t, "198.51.100.7", a.String())
		}
	})
}
