package main

import (
	"context"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// patience limits every wait. Only what is broken takes that long.
const patience = time.Minute

func TestFile(t *testing.T) {
	const guid = "CA9A27FF-CA9A-47CA-9A27-CA9A27CA9A27"
	for name, test := range map[string]struct{ vendor, file, want string }{
		"exactly":           {"relock", "{ \"event\":\t\"x\",\"n\":1.0 }\r\n\n", "{ \"event\":\t\"x\",\"n\":1.0 }\r\n\n"},
		"no JSON":           {"loginradius", "\x00\xff", "\x00\xff"},
		"clear UserLock ID": {"userlock", `{"Id":"{` + guid + `}", "Other":"00000001-****"}`, `{"Id":"{` + guid + `}", "Other":"00000001-****"}`},
		"captured":          {"relock", "POST /x HTTP/1.1\r\nX-Relock-Signature: 00\r\nContent-Length: 14\r\n\r\n{\"event\": \"x\"}\r\n", `{"event": "x"}`},
		"HAR":               {"unloc", `{"request":{"method":"POST","url":"https://example.com/","headers":[],"postData":{"text":"{\"id\": \"x\"}"}}}`, `{"id": "x"}`},
		"recording":         {"userlock", "POST / HTTP/1.1\r\nAccesshook-Status: 200\r\n\r\n" + `{"Id":"00112233-****-****-****-************"}`, `{"Id":"` + secrets["userlock"] + `"}`},
		"a session too":     {"userlock", `{"S":"157d2ea4-****-****-****-************","Id":"` + strings.ToUpper(secrets["userlock"][:8]) + `-****-****-****-************"}`, `{"S":"157d2ea4-****-****-****-************","Id":"` + secrets["userlock"] + `"}`},
		"two unknown":       {"userlock", `{"Id":"157d2ea4-****-****-****-************","S":"00112233-****-****-****-************"}`, `{"Id":"` + secrets["userlock"] + `","S":"00112233-****-****-****-************"}`},
		"masked":            {"userlock", `{"Id":"ca9a27ff-****-****-****-************" }`, `{"Id":"` + secrets["userlock"] + `" }`},
	} {
		t.Run(name, func(t *testing.T) {
			r := newReceiver(t)
			status, stdout, _ := sendOut(t, "-vendor", test.vendor, "-url", r.URL, "-file", writeFile(t, test.file), "-count", "2", "-expect", "200")
			require.Len(t, r.requests, 2)
			assert.Equal(t, test.want, r.requests[0].body)
			assert.Equal(t, r.requests[0], r.requests[1])
			if name == "no JSON" {
				assert.Equal(t, 1, status)
				assert.Contains(t, stdout, "loginradius file: 400 (expected 200) in ")
			} else {
				assert.Equal(t, 0, status)
				assert.Len(t, r.events, 2)
			}

			r.requests = nil
			status, _, _ = sendOut(t, "-vendor", test.vendor, "-url", r.URL, "-file", writeFile(t, test.file), "-tamper")
			assert.Equal(t, 0, status)
			require.Len(t, r.requests, 1)
			requireNoSecret(t, strings.ToLower(r.requests[0].body))
		})
	}
}

// A body with the ID of another server is changed as well.
func TestTamperWithAnyID(t *testing.T) {
	const backup = "11111111-2222-4333-8444-555555555555"
	r := newReceiver(t)
	t.Setenv("USERLOCK_IDS", secrets["userlock"]+","+backup)
	status, _, _ := sendOut(t, "-vendor", "userlock", "-url", r.URL, "-file", writeFile(t, `{"Id":"`+backup+`"}`), "-tamper")
	assert.Equal(t, 0, status)
	require.Len(t, r.requests, 1)
	assert.NotContains(t, r.requests[0].body, backup)
}

func TestFileFromStandardInput(t *testing.T) {
	r := newReceiver(t)
	var out strings.Builder
	status := run(t.Context(), []string{"-vendor", "unloc", "-url", r.URL, "-file", "-", "-time", "2026-03-01T14:00:00+01:00", "-set", "action=locked"},
		strings.NewReader(`{"created": "?", "id":"x"}`+"\n"), &out, io.Discard)
	assert.Equal(t, 0, status)
	require.Len(t, r.requests, 1)
	assert.Equal(t, `{"created": "2026-03-01T13:00:00.000Z", "id":"x","action":"locked"}`+"\n", r.requests[0].body)
}

// answering returns the URL of a server.
func answering(t *testing.T, h http.HandlerFunc) string {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func TestTransportErrors(t *testing.T) {
	setSecrets(t)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	hang := make(chan struct{})
	s := newTLSServer(t)
	plain := answering(t, func(http.ResponseWriter, *http.Request) {})
	urls := map[string]string{
		"connection refused": "http://" + closed.Addr().String(),
		"connection closed before the answer": answering(t, func(http.ResponseWriter, *http.Request) {
			panic(http.ErrAbortHandler)
		}),
		"no answer in time":       answering(t, func(http.ResponseWriter, *http.Request) { <-hang }),
		"certificate not trusted": s.URL,
		"no TLS there":            strings.Replace(plain, "http", "https", 1),
		"no valid answer": answering(t, func(w http.ResponseWriter, _ *http.Request) {
			c, _, err := http.NewResponseController(w).Hijack()
			if assert.NoError(t, err) {
				_, _ = io.WriteString(c, "canary\r\n\r\n")
				_ = c.Close()
			}
		}),
	}
	t.Cleanup(func() { close(hang) }) // before the servers are closed
	for want, url := range urls {
		t.Run(want, func(t *testing.T) {
			timeout := patience.String()
			if want == "no answer in time" {
				timeout = "50ms"
			}
			status, stdout, stderr := sendOut(t, "-vendor", "relock", "-count", "2", "-url", url+"/?token=canary", "-timeout", timeout)
			assert.Equal(t, 1, status)
			assert.Empty(t, stderr)
			assert.Contains(t, stdout, "relock device.registered: "+want+"\n")
			assert.Contains(t, stdout, "\n"+want+": 2\n")
			assert.NotContains(t, stdout, "latency")
		})
	}
	assert.Equal(t, "host not found", kindOfError(&net.OpError{Err: &net.DNSError{IsNotFound: true}}))
	assert.Equal(t, "connection reset", kindOfError(&net.OpError{Err: os.NewSyscallError("read", syscall.ECONNRESET)}))
	assert.Equal(t, "host unreachable", kindOfError(&net.OpError{Err: os.NewSyscallError("connect", syscall.ENETUNREACH)}))
	assert.Equal(t, "no answer in time", kindOfError(&net.DNSError{IsTimeout: true}))
	assert.Equal(t, "no valid answer", kindOfError(errors.New("canary")))
}

// An incomplete answer is none.
func TestCutAnswer(t *testing.T) {
	setSecrets(t)
	url := answering(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "10")
		_, _ = io.WriteString(w, "half")
	})
	status, stdout, _ := sendOut(t, "-vendor", "relock", "-count", "1", "-url", url)
	assert.Equal(t, 1, status)
	assert.Contains(t, stdout, "connection closed before the answer: 1\n")
}

// Not more than a part of an answer without an end is read.
func TestEndlessAnswer(t *testing.T) {
	setSecrets(t)
	url := answering(t, func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(make([]byte, 4096)); err != nil {
				return
			}
		}
	})
	status, stdout, _ := sendOut(t, "-vendor", "relock", "-count", "2", "-url", url, "-timeout", patience.String())
	assert.Equal(t, 0, status)
	assert.Contains(t, stdout, "200 OK: 2\n")
}

func TestRedirectIsNotFollowed(t *testing.T) {
	setSecrets(t)
	followed := false
	url := answering(t, func(w http.ResponseWriter, r *http.Request) {
		followed = followed || r.URL.Path == "/other"
		http.Redirect(w, r, "/other", http.StatusTemporaryRedirect)
	})
	status, stdout, _ := sendOut(t, "-vendor", "unloc", "-count", "1", "-url", url)
	assert.Equal(t, 1, status)
	assert.False(t, followed)
	assert.Contains(t, stdout, "307 Temporary Redirect: 1 (expected 200)\n")
}

// There are as many connections as are used at the same time.
func TestConnectionsAreReused(t *testing.T) {
	setSecrets(t)
	var connections, now, most atomic.Int64
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n := now.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		_, _ = w.Write(make([]byte, 10_000)) // is read to its end
		now.Add(-1)
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	s.Start()
	defer s.Close()
	status, _, _ := sendOut(t, "-vendor", "relock", "-count", "400", "-concurrency", "4", "-url", s.URL)
	assert.Equal(t, 0, status)
	// The client may dial one while another becomes free.
	assert.LessOrEqual(t, connections.Load(), int64(40))
	assert.LessOrEqual(t, most.Load(), int64(4))
}

// Also many connections are kept.
func TestIdleConnections(t *testing.T) {
	tr := newClient(&settings{concurrency: maxConcurrency}).Transport.(*http.Transport)
	assert.Equal(t, maxConcurrency, tr.MaxIdleConnsPerHost)
	assert.Equal(t, maxConcurrency, tr.MaxIdleConns)
}

// So many events are sent at the same time.
func TestConcurrency(t *testing.T) {
	setSecrets(t)
	var here atomic.Int64
	all := make(chan struct{})
	url := answering(t, func(http.ResponseWriter, *http.Request) {
		if here.Add(1) == 5 {
			close(all)
		}
		<-all
	})
	status, _, _ := sendOut(t, "-vendor", "relock", "-count", "5", "-concurrency", "5", "-url", url, "-timeout", patience.String())
	assert.Equal(t, 0, status)
}

// A tlsServer answers 200. The file authorities makes it trusted.
type tlsServer struct{ URL, authorities string }

func newTLSServer(t *testing.T) tlsServer {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.Config.ErrorLog = nil
	s.StartTLS()
	t.Cleanup(s.Close)
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	return tlsServer{s.URL, writeFile(t, string(block))}
}

func TestAuthorities(t *testing.T) {
	setSecrets(t)
	s := newTLSServer(t)
	status, stdout, _ := sendOut(t, "-vendor", "unloc", "-url", s.URL, "-ca", s.authorities)
	assert.Equal(t, 0, status)
	assert.Contains(t, stdout, "200 OK: 3\n")
}

// A roundTripper answers requests without a network.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

var ok = &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}

// sendTo sends to a roundTripper.
func sendTo(ctx context.Context, t *testing.T, f roundTripper, args ...string) (status int, stdout string) {
	t.Helper()
	s, err := parse(append([]string{"-vendor", "relock"}, args...), nil)
	require.NoError(t, err)
	var out strings.Builder
	status, err = s.sendBy(ctx, &http.Client{Transport: f}, newReport(s, &out, io.Discard))
	require.NoError(t, err)
	return status, out.String()
}

func TestPace(t *testing.T) {
	setSecrets(t)
	for name, test := range map[string]struct {
		args   string
		answer time.Duration // how long it takes
		want   time.Duration // from the first event to the last
	}{
		"rate":                {"-count 101 -rate 50", 0, 2 * time.Second},
		"rate of duplicates":  {"-count 101 -rate 50 -duplicate", 0, 2 * time.Second},
		"every":               {"-count 4 -every 2m", time.Second, 6 * time.Minute},
		"slow answers":        {"-count 11 -rate 50", time.Second, 10 * time.Second},
		"enough at once":      {"-count 101 -rate 50 -concurrency 60", time.Second, 2 * time.Second},
		"no rate":             {"-count 100 -concurrency 10", time.Second, 9 * time.Second},
		"less than one event": {"-count 3 -rate .5", 0, 4 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				var last atomic.Int64
				status, _ := sendTo(t.Context(), t, func(*http.Request) (*http.Response, error) {
					last.Store(int64(time.Since(began)))
					time.Sleep(test.answer)
					return ok, nil
				}, strings.Fields(test.args)...)
				assert.Equal(t, 0, status)
				assert.InEpsilon(t, float64(test.want), float64(last.Load()), .001, "%v", time.Duration(last.Load()))
			})
		})
	}
}

// After a slow answer, the rate does not make up for the time.
func TestPaceHasNoBursts(t *testing.T) {
	setSecrets(t)
	synctest.Test(t, func(t *testing.T) {
		var times []time.Time
		_, _ = sendTo(t.Context(), t, func(*http.Request) (*http.Response, error) {
			if len(times) == 0 {
				time.Sleep(time.Minute)
			}
			times = append(times, time.Now())
			return ok, nil
		}, "-count", "10", "-rate", "10")
		require.Len(t, times, 10)
		for i := 2; i < len(times); i++ {
			assert.GreaterOrEqual(t, times[i].Sub(times[i-1]), 99*time.Millisecond)
		}
	})
}

// Each event has the time at which it is sent.
func TestTimeOfEachEvent(t *testing.T) {
	setSecrets(t)
	synctest.Test(t, func(t *testing.T) {
		n := 0
		_, _ = sendTo(t.Context(), t, func(r *http.Request) (*http.Response, error) {
			body, err := io.ReadAll(r.Body)
			require.NoError(t, err)
			assert.Contains(t, string(body), `"timestamp":"`+time.Now().UTC().Format("2006-01-02T15:04:05"))
			n++
			return ok, nil
		}, "-every", "1h")
		assert.Equal(t, 7, n)
	})
}

// When it is stopped, no other event is sent, and the answers to those that are under way
// are waited for.
func TestStop(t *testing.T) {
	setSecrets(t)
	for name, test := range map[string]struct {
		args   []string
		status int
	}{
		"before the last": {[]string{"-count", "1000"}, 1},
		"without an end":  {[]string{"-count", "0"}, 0},
		"while it pauses": {[]string{"-count", "0", "-every", "1h"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, stop := context.WithCancel(t.Context())
				var sent atomic.Int64
				time.AfterFunc(3500*time.Millisecond, stop)
				status, stdout := sendTo(ctx, t, func(r *http.Request) (*http.Response, error) {
					sent.Add(1)
					select {
					case <-time.After(time.Second):
						return ok, nil
					case <-r.Context().Done():
						return nil, r.Context().Err()
					}
				}, append(test.args, "-concurrency", "2", "-duplicate")...)
				assert.Equal(t, test.status, status)
				want := int64(8) // two of two each, in two seconds
				if name == "while it pauses" {
					want = 2
				}
				assert.Equal(t, want, sent.Load())
				assert.Contains(t, stdout, "latency: p50 1")
				assert.Equal(t, test.status == 1, strings.HasPrefix(stdout, "stopped before all 1000 events were sent\n"))
			})
		})
	}
}

// Without an end, a server that is gone is not asked at full speed.
func TestServerIsGone(t *testing.T) {
	setSecrets(t)
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		s, err := parse([]string{"-vendor", "relock", "-count", "0", "-duplicate"}, nil)
		require.NoError(t, err)
		began, down, up := time.Now(), 0, 0
		var stdout, stderr strings.Builder
		client := &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
			if time.Since(began) < 30*time.Second {
				down++
				return nil, syscall.ECONNREFUSED
			}
			up++
			time.Sleep(100 * time.Millisecond)
			return ok, nil
		})}
		status, err := s.sendBy(ctx, client, newReport(s, &stdout, &stderr))
		require.NoError(t, err)
		assert.Equal(t, 1, status)
		assert.Less(t, down, 40)
		assert.Greater(t, up, 250, "at full speed again")
		assert.Equal(t, strings.Repeat("send: connection refused: trying again, more slowly\n", 3), stderr.String())
	})
}

// Ctrl-C ends the program, with its summary.
func TestSignal(t *testing.T) {
	setSecrets(t)
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		came, signalled := make(chan struct{}, 1), make(chan struct{})
		url := answering(t, func(http.ResponseWriter, *http.Request) {
			select {
			case came <- struct{}{}:
			default: // the signal was not handled at once
			}
			<-signalled
		})
		var stdout, stderr strings.Builder
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-vendor", "relock", "-count", "0", "-url", url, "-json", "-timeout", patience.String())
		cmd.Env = append(os.Environ(), asProgram+"=1")
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		_, err := cmd.StdinPipe() // open until the test ends
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		<-came
		require.NoError(t, cmd.Process.Signal(signal))
		close(signalled)
		require.NoError(t, cmd.Wait(), "%s", &stderr)
		assert.Contains(t, stdout.String(), `"unexpected":0,"statuses":{"200":`)
	}
}

// The program of a test does not live longer than the test.
func TestProgramEndsWithTheTest(t *testing.T) {
	setSecrets(t)
	url := answering(t, func(http.ResponseWriter, *http.Request) {})
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-vendor", "relock", "-count", "0", "-every", "1h", "-url", url)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	require.NoError(t, in.Close()) // as the system does when a process is killed
	assert.EqualError(t, cmd.Wait(), "exit status 3")
}

// On a terminal, and only there, a line says how far a long run has come. It is gone at
// the end.
func TestProgress(t *testing.T) {
	setSecrets(t)
	terminal, tty, err := pty.Open()
	require.NoError(t, err)
	defer terminal.Close()
	var screen screen
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = io.Copy(&screen, terminal) // ends with an error when tty is closed
	}()
	n := 0
	url := answering(t, func(http.ResponseWriter, *http.Request) {
		if n++; n == 150 {
			assert.Eventually(t, func() bool { return strings.Contains(screen.String(), "sent 150 of 200 events, ") }, patience, time.Millisecond)
		}
	})
	var stdout strings.Builder
	status := run(t.Context(), []string{"-vendor", "relock", "-count", "200", "-url", url, "-timeout", "1h"}, nil, &stdout, tty)
	assert.Equal(t, 0, status)
	require.NoError(t, tty.Close())
	<-read
	assert.Contains(t, screen.String(), " a second, 0 answers not as expected")
	assert.True(t, strings.HasSuffix(screen.String(), "\r\x1b[K"))
	assert.NotContains(t, stdout.String(), "\x1b")

	_, _, stderr := sendOut(t, "-vendor", "relock", "-count", "200", "-url", url)
	assert.Empty(t, stderr)
}

// A screen is what has been written to a terminal.
type screen struct {
	mu sync.Mutex
	b  strings.Builder
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
