package admin

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/verify"
)

const (
	adminPassword = "canary-admin-password"
	loginFailed   = `level=WARN msg="admin login failed"`
)

func TestLogin(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"shared": withPassword, "shared, open": both(withPassword, open), "own": both(withPassword, own), "own, open": both(withPassword, own, open),
	} {
		t.Run(name, func(t *testing.T) {
			f := serve(t, change)
			f.requireAll(200, true, "the right password")
			for who, account := range map[string][]string{
				"nobody":           nil,
				"a wrong password": {"ops", "canary-wrong"},
				"no password":      {"ops", ""},
				"a wrong user":     {"canary-root", adminPassword},
			} {
				r := f.request(http.MethodGet, "/metrics")
				r.Header.Del("Authorization")
				if account != nil {
					r.SetBasicAuth(account[0], account[1])
				}
				answer, body := f.send(r)
				assert.Equal(t, 401, answer.StatusCode, who)
				assert.Equal(t, `Basic realm="accesshook admin", charset="UTF-8"`, answer.Header.Get("WWW-Authenticate"), who)
				assert.Equal(t, "unauthorized\n", body, who)

				r.URL.Path = "/healthz"
				answer, body = f.send(r)
				if account == nil {
					assert.Equal(t, 200, answer.StatusCode)
					assert.JSONEq(t, `{"status":"ok"}`, body)
				} else {
					assert.Equal(t, 401, answer.StatusCode, who)
				}
			}
			status, _ := f.get("/webhooks/relock", "Authorization", "")
			assert.Equal(t, 200, status)
			assert.Equal(t, 6, strings.Count(f.log.String(), loginFailed+" client=127.0.0.1 error="), "%s", f.log)
			assert.NotContains(t, f.log.String(), "canary", "a password may have been typed as a user")
		})
	}
}

// A client of its own reads the challenge and sends what it asks for.
func TestLoginWithCurl(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err != nil && os.Getenv("CI") == "" {
		t.Skip("curl is not installed")
	}
	require.NoError(t, err)
	f := serve(t, withPassword)
	for password, want := range map[string]string{adminPassword: "admin 200", "canary-wrong": "unauthorized\n 401"} {
		out, err := exec.CommandContext(t.Context(), curl, "-sS", "--noproxy", "*", "--anyauth", "-u", "ops:"+password, "-w", " %{http_code}", f.url+"/metrics").Output()
		require.NoError(t, err)
		assert.Equal(t, want, string(out))
	}
}

func TestAccountsAreReplaced(t *testing.T) {
	var accounts atomic.Pointer[verify.BasicAuth]
	f := serve(t, func(c *Config) {
		c.Accounts = func() (*verify.BasicAuth, context.Context) { return accounts.Load(), context.Background() }
	})
	status, _ := f.get("/metrics", "", "")
	assert.Equal(t, 401, status, "there are no accounts")
	for _, test := range []struct {
		password string
		want     int
	}{{adminPassword, 200}, {"canary-other-password", 401}, {adminPassword, 200}} {
		a, err := verify.NewBasicAuth(verify.NewCredential("ops", test.password))
		require.NoError(t, err)
		accounts.Store(a)
		status, _ := f.get("/metrics", "", "")
		assert.Equal(t, test.want, status, test.password)
	}
}

// Replaced accounts end what they have let in.
func TestReplacedAccountsEndRequests(t *testing.T) {
	auth, err := verify.NewBasicAuth(verify.NewCredential("ops", adminPassword))
	require.NoError(t, err)
	valid, replace := context.WithCancel(t.Context())
	side, err := New(Config{
		Address: "127.0.0.1:8080", Listen: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080},
		Accounts: func() (*verify.BasicAuth, context.Context) { return auth, valid },
		Log:      slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	ended := false
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8080/events", nil)
	r.SetBasicAuth("ops", adminPassword)
	side.Guard(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		require.NoError(t, r.Context().Err())
		replace()
		<-r.Context().Done()
		ended = true
	})).ServeHTTP(httptest.NewRecorder(), r)
	assert.True(t, ended)
}

// byHeader finds the client in a header.
func byHeader(r *http.Request) (netip.Addr, error) {
	return netip.ParseAddr(r.Header.Get("X-Client"))
}

func TestFailuresOfAClient(t *testing.T) {
	f := serve(t, both(withPassword, func(c *Config) { c.ClientIP = byHeader }))
	login := func(client, password string) *http.Response {
		r := f.request(http.MethodGet, "/metrics")
		r.SetBasicAuth("ops", password)
		r.Header.Set("X-Client", client)
		answer, _ := f.send(r)
		return answer
	}
	for i := range failuresAtOnce {
		require.Equal(t, 401, login("192.0.2.1", fmt.Sprint("canary-wrong-", i)).StatusCode)
	}
	answer := login("192.0.2.1", adminPassword)
	assert.Equal(t, 429, answer.StatusCode, "the right password, but who knows")
	assert.Regexp(t, `^([1-9]|10)$`, answer.Header.Get("Retry-After"))
	assert.Equal(t, 200, login("192.0.2.2", adminPassword).StatusCode)

	r := f.request(http.MethodGet, "/healthz")
	r.Header.Set("X-Client", "192.0.2.1")
	r.Header.Del("Authorization")
	answer, _ = f.send(r)
	assert.Equal(t, 200, answer.StatusCode, "the public part")

	for range failuresAtOnce {
		require.Equal(t, 401, login("", "canary-wrong").StatusCode)
	}
	assert.Equal(t, 429, login("no address", adminPassword).StatusCode, "clients without an address are one")
	assert.Contains(t, f.log.String(), loginFailed+" client=192.0.2.1 error=")
}

// attack returns a function that asks for an admin path as a client does, and returns
// the status.
func attack(t *testing.T) (login func(client, password string) int, log *buffer) {
	log = new(buffer)
	c := Config{Log: slog.New(slog.NewTextHandler(log, nil)), TLS: true}
	withPassword(&c)
	s, err := New(c)
	require.NoError(t, err)
	h := s.Guard(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	return func(client, password string) int {
		r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		r.RemoteAddr = netip.AddrPortFrom(netip.MustParseAddr(client), 40000).String()
		r.SetBasicAuth("ops", password)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}, log
}

func TestFailuresOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		login, log := attack(t)
		const administrator = "203.0.113.5"
		require.Equal(t, 200, login(administrator, adminPassword))
		checked := 0
		for range 11 {
			for i := range 2000 {
				switch status := login(fmt.Sprintf("10.0.%d.%d", i/256, i%256), "canary-wrong"); status {
				case 401:
					checked++
				default:
					require.Equal(t, 429, status)
				}
			}
		}
		assert.Equal(t, 200, login(administrator, adminPassword))
		assert.Equal(t, 200, login("127.0.0.1", adminPassword), "this machine")
		assert.Equal(t, strangersAtOnce, checked)

		// The administrator's own failures count.
		for range failuresAtOnce {
			assert.Equal(t, 401, login(administrator, "canary-wrong"))
		}
		assert.Equal(t, 429, login(administrator, adminPassword))

		// Someone new has to wait for a moment in which nobody guesses.
		assert.Equal(t, 429, login("203.0.113.6", adminPassword))
		time.Sleep(strangersEvery)
		assert.Equal(t, 200, login("203.0.113.6", adminPassword))
		assert.Equal(t, 401, login("10.9.9.9", "canary-wrong"))
		assert.Equal(t, 200, login("203.0.113.6", adminPassword))
		assert.Equal(t, 429, login("203.0.113.7", adminPassword))

		assert.Equal(t, strangersAtOnce+failuresAtOnce+1, strings.Count(log.String(), loginFailed), "only passwords that were checked")
		assert.NotContains(t, log.String(), "canary")
	})
}

// Guesses at once from one client are checked one after another: none slips through.
func TestGuessesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		login, _ := attack(t)
		statuses := make(chan int)
		const guesses = 200
		for range guesses {
			go func() { statuses <- login("192.0.2.1", "canary-wrong") }()
		}
		counts := make(map[int]int)
		for range guesses {
			counts[<-statuses]++
		}
		assert.Equal(t, map[int]int{401: failuresAtOnce, 429: guesses - failuresAtOnce}, counts)
	})
}
