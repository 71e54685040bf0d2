package verify_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

func send(t *testing.T, hook *verify.Endpoint, remote string, genuine bool) (status int, retryAfter string) {
	r := signed(t, "http://localhost/", "{}")
	if !genuine {
		r.Header.Set(sigHeader, strings.Repeat("0", 64))
	}
	r.RemoteAddr = remote
	w := httptest.NewRecorder()
	hook.Handler(event.NewMux()).ServeHTTP(w, r)
	return w.Code, w.Header().Get("Retry-After")
}

func TestRateOfFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hook := newEndpoint(t, verify.Config{RateLimit: verify.RateLimit{Requests: 3, Per: time.Minute}})
		const vendor, other = "192.0.2.1:1", "192.0.2.2:1"
		for range 3 {
			status, _ := send(t, hook, vendor, false)
			require.Equal(t, 401, status)
		}
		status, after := send(t, hook, vendor, false)
		assert.Equal(t, 429, status)
		assert.Equal(t, "20", after, "a third of a minute brings one back")
		status, _ = send(t, hook, other, false)
		assert.Equal(t, 401, status, "another client")

		for range 100 {
			status, _ = send(t, hook, vendor, true)
			require.Equal(t, 200, status, "no genuine request is refused for what others sent")
		}

		time.Sleep(20*time.Second - time.Millisecond)
		status, after = send(t, hook, vendor, false)
		assert.Equal(t, 429, status)
		assert.Equal(t, "1", after)
		time.Sleep(time.Millisecond)
		status, _ = send(t, hook, vendor, false)
		assert.Equal(t, 401, status, "Retry-After was honest")

		// Clients without an address share one.
		for range 3 {
			status, _ = send(t, hook, "", false)
			assert.Equal(t, 401, status)
		}
		status, _ = send(t, hook, "nowhere", false)
		assert.Equal(t, 429, status)
		status, _ = send(t, hook, "nowhere", true)
		assert.Equal(t, 200, status)
	})
}

func TestRateOfEveryRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hook := newEndpoint(t, verify.Config{RateLimit: verify.RateLimit{Requests: 2, Per: time.Minute, EveryRequest: true}})
		for range 2 {
			for range 5 { // is not counted
				r := signed(t, "http://localhost/", "{}")
				r.Method, r.RemoteAddr = http.MethodGet, "192.0.2.1:1"
				_, err := hook.Receive(httptest.NewRecorder(), r)
				assert.ErrorIs(t, err, verify.ErrMethod)
			}
			status, _ := send(t, hook, "192.0.2.1:1", true)
			require.Equal(t, 200, status)
		}
		status, after := send(t, hook, "192.0.2.1:1", true)
		assert.Equal(t, 429, status)
		assert.Equal(t, "30", after)
		status, _ = send(t, hook, "nowhere", true)
		assert.Equal(t, 403, status)
		time.Sleep(30 * time.Second)
		status, _ = send(t, hook, "192.0.2.1:1", true)
		assert.Equal(t, 200, status)

		// Before the body is read.
		r := signed(t, "http://localhost/", "{}")
		r.RemoteAddr = "192.0.2.1:1"
		body := &announced{ReadCloser: r.Body, arrived: make(chan struct{}, 1)}
		r.Body = body
		_, err := hook.Receive(httptest.NewRecorder(), r)
		assert.ErrorIs(t, err, verify.ErrRateLimited)
		assert.False(t, body.once)
	})
}

func TestRateErrorTellsTheFailure(t *testing.T) {
	hook := newEndpoint(t, verify.Config{RateLimit: verify.RateLimit{Requests: 1}})
	r := signed(t, "http://localhost/", "[]")
	_, err := hook.Check(r, []byte("{}"))
	assert.NotErrorIs(t, err, verify.ErrRateLimited)
	_, err = hook.Check(r, []byte("{}"))
	assert.ErrorIs(t, err, verify.ErrRateLimited)
	assert.ErrorIs(t, err, verify.ErrBadCredential)
	assert.Equal(t, 429, verify.Status(err))
	w := httptest.NewRecorder()
	hook.Respond(w, err)
	assert.JSONEq(t, `{"error":"too many requests"}`, w.Body.String())
}

// A flood does not fill the disk, and the record says how much was left out.
func TestRefusalsAreSampled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		observed := 0
		hook := newEndpoint(t, verify.Config{
			Logger:  slog.New(slog.NewTextHandler(&log, nil)),
			Observe: func(context.Context, verify.Observation) { observed++ },
		})
		for i := range 5000 {
			send(t, hook, fmt.Sprintf("10.0.%d.%d:1", i/256, i%256), false)
		}
		assert.Equal(t, 100, strings.Count(log.String(), "\n"))
		assert.Equal(t, 5000, observed)
		log.Reset()
		for range 50 {
			send(t, hook, "192.0.2.1:1", true)
		}
		assert.Equal(t, 50, strings.Count(log.String(), "\n"), "what is accepted is always logged")
		assert.Equal(t, 1, strings.Count(log.String(), "suppressed=4900"))
		log.Reset()
		time.Sleep(time.Second)
		for range 50 {
			send(t, hook, "192.0.2.1:1", false)
		}
		assert.Equal(t, 10, strings.Count(log.String(), "\n"))
		log.Reset()
		for range 50 {
			r := signed(t, "http://localhost/", "{")
			r.RemoteAddr = "192.0.2.1:1"
			w := httptest.NewRecorder()
			hook.Handler(event.NewMux()).ServeHTTP(w, r)
			require.Equal(t, 400, w.Code)
		}
		assert.Equal(t, 50, strings.Count(log.String(), "\n"), "what is verified and refused is an event lost")
	})
}

// slowBody is "{}" whose last byte comes after a while.
type slowBody struct {
	after time.Duration
	sent  int
}

func (b *slowBody) Read(p []byte) (int, error) {
	if b.sent == 2 {
		return 0, io.EOF
	}
	if b.sent == 1 {
		time.Sleep(b.after)
	}
	p[0] = "{}"[b.sent]
	b.sent++
	return 1, nil
}

func (b *slowBody) Close() error { return nil }

// Requests whose bodies come late must not move the clock of a limiter back to
// when they began: the next one would be credited those seconds again.
func TestSlowBodiesBuyNothing(t *testing.T) {
	const (
		slow    = 100
		between = 80 // fast ones after each slow one
		held    = 9 * time.Second
	)
	flood := func(t *testing.T, c verify.Config) (statuses map[int]int) {
		var mu sync.Mutex
		statuses = make(map[int]int)
		handler := newEndpoint(t, c).Handler(event.NewMux())
		forge := func(body io.ReadCloser) {
			r := signed(t, "http://localhost/", "{}")
			r.Header.Set(sigHeader, strings.Repeat("0", 64))
			r.RemoteAddr, r.Body, r.ContentLength = "192.0.2.1:1", body, 2
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			mu.Lock()
			defer mu.Unlock()
			statuses[w.Code]++
		}
		var senders sync.WaitGroup
		for i := range slow {
			senders.Go(func() {
				// A nanosecond apart, so that each is followed by its fast ones.
				forge(&slowBody{after: held + time.Duration(i)})
				for range between {
					forge(&slowBody{})
				}
			})
		}
		senders.Wait()
		return statuses
	}
	t.Run("log", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var log countingWriter
			statuses := flood(t, verify.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
			assert.Equal(t, map[int]int{401: slow * (1 + between)}, statuses)
			assert.EqualValues(t, 100, log.lines.Load())
		})
	})
	t.Run("rate", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			statuses := flood(t, verify.Config{RateLimit: verify.RateLimit{Requests: 100, Per: time.Minute}})
			assert.Equal(t, map[int]int{401: 100, 429: slow*(1+between) - 100}, statuses)
		})
	})
}

func TestAllowFromReport(t *testing.T) {
	var log bytes.Buffer
	var outside []bool
	hook := newEndpoint(t, verify.Config{
		AllowFromReport: []string{"192.0.2.0/24"},
		Logger:          slog.New(slog.NewTextHandler(&log, nil)),
		Observe:         func(_ context.Context, o verify.Observation) { outside = append(outside, o.Outside) },
	})
	for _, remote := range []string{"192.0.2.9:1", "198.51.100.1:1", "nowhere"} {
		status, _ := send(t, hook, remote, true)
		assert.Equal(t, 200, status, remote)
	}
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	require.Len(t, lines, 3)
	assert.NotContains(t, lines[0], "outside")
	assert.Contains(t, lines[1], "level=WARN")
	assert.Contains(t, lines[1], "outside=true")
	assert.Contains(t, lines[2], "client=unknown")
	assert.Equal(t, []bool{false, true, true}, outside)
}

// A sender that waits for the challenge sends every event twice, first without a
// password: a step of HTTP and no failure. Wrong passwords are failures.
func TestBasicChallengeIsNoFailure(t *testing.T) {
	gate, err := verify.NewBasicAuth(verify.NewCredential("gate", "swordfish"))
	require.NoError(t, err)
	endpoint := func(v verify.Verifier) *verify.Endpoint {
		hook := newEndpoint(t, verify.Config{RateLimit: verify.RateLimit{Requests: 100}})
		hook.SetVerifier(v)
		return hook
	}
	server := httptest.NewServer(endpoint(gate).Handler(event.NewMux()))
	defer server.Close()
	post := func(password string) *http.Response {
		r := signed(t, server.URL, "{}")
		if password != "" {
			r.SetBasicAuth("gate", password)
		}
		res, err := server.Client().Do(r)
		require.NoError(t, err)
		res.Body.Close()
		return res
	}
	for i := range 101 {
		res := post("")
		require.Equal(t, 401, res.StatusCode, i)
		require.Equal(t, gate.Challenge(), res.Header.Get("WWW-Authenticate"))
		require.Equal(t, 200, post("swordfish").StatusCode, i)
	}
	for range 100 {
		require.Equal(t, 401, post("herring").StatusCode)
	}
	assert.Equal(t, 429, post("herring").StatusCode, "wrong ones count")
	assert.Equal(t, 401, post("").StatusCode, "the challenge is still given")
	assert.Equal(t, 200, post("swordfish").StatusCode)

	t.Run("AnyOf", func(t *testing.T) {
		// A wrong password does not hide behind a missing signature.
		handler := endpoint(verify.AnyOf(testVerifier(t, testSecret), gate)).Handler(event.NewMux())
		status := func(password string) int {
			r := signed(t, "http://localhost/", "{}")
			r.Header.Del(sigHeader)
			if password != "" {
				r.SetBasicAuth("gate", password)
			}
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			return w.Code
		}
		for range 101 {
			require.Equal(t, 401, status(""))
		}
		for range 100 {
			require.Equal(t, 401, status("herring"))
		}
		assert.Equal(t, 429, status("herring"))
	})

	t.Run("curl", func(t *testing.T) {
		curl, err := exec.LookPath("curl")
		if errors.Is(err, exec.ErrNotFound) {
			t.Skip("there is no curl here")
		}
		require.NoError(t, err)
		j := newJournal()
		c := j.config()
		c.RateLimit = verify.RateLimit{Requests: 1}
		hook := newEndpoint(t, c)
		hook.SetVerifier(gate)
		server := httptest.NewServer(hook.Handler(event.NewMux()))
		defer server.Close()
		for range 3 {
			out, err := exec.CommandContext(t.Context(), curl, "-q", "--silent", "--show-error", "--noproxy", "*", "--max-time", "20",
				"--anyauth", "--user", "gate:swordfish", "--data-binary", "{}", "--output", "-", "--write-out", " %{http_code}", server.URL).CombinedOutput()
			require.NoError(t, err, "%s", out)
			assert.Equal(t, `{"received":true} 200`, string(out))
			for _, want := range []int{401, 200} {
				o, _ := j.next(t)
				assert.Equal(t, want, o.Status)
			}
		}
	})
}
