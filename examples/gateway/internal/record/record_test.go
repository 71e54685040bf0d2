package record

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/verify"

	"github.com/accesshook/accesshook/examples/internal/capture"
	"github.com/accesshook/accesshook/examples/internal/vendors"
)

var credentials = envsecret.Values{Secrets: event.Secrets("canary-relock-secret")}

// A fixture is an endpoint of Relock with a recorder.
type fixture struct {
	*Recorder
	t        *testing.T
	dir      string
	log      bytes.Buffer
	endpoint http.Handler
	fails    error // of the callback
}

func newFixture(t *testing.T, c verify.Config) *fixture {
	t.Helper()
	f := &fixture{t: t, dir: private(t)}
	f.Recorder = New(Config{Dir: f.dir, Registry: prometheus.NewRegistry(), Log: slog.New(slog.NewTextHandler(&f.log, nil))})
	f.Add(relock.Vendor)
	f.SetCredentials(relock.Vendor, credentials)
	c.Logger, c.Observe = slog.New(slog.DiscardHandler), f.Observe
	v, ok := vendors.Named(relock.Vendor)
	require.True(t, ok)
	hook, err := v.New(credentials, c)
	require.NoError(t, err)
	f.endpoint = f.Handler(hook.Handler(event.HandlerFunc(func(context.Context, *event.Event) error { return f.fails })))
	return f
}

func (f *fixture) request(body string) *http.Request {
	f.t.Helper()
	r, err := relock.NewRequest(f.t.Context(), "http://gateway/webhooks/relock", "canary-relock-secret", []byte(body))
	require.NoError(f.t, err)
	return r
}

func (f *fixture) serve(r *http.Request) int {
	w := httptest.NewRecorder()
	f.endpoint.ServeHTTP(w, r)
	return w.Code
}

// written returns the recordings once they are written. There are no more after that.
func (f *fixture) written() (all []*capture.Request) {
	f.t.Helper()
	require.NoError(f.t, f.Start())
	f.Close(f.t.Context())
	for _, name := range files(f.t, f.dir) {
		content, err := os.ReadFile(filepath.Join(f.dir, name))
		require.NoError(f.t, err)
		q, err := capture.Read(bytes.NewReader(content))
		require.NoError(f.t, err, "%s", content)
		all = append(all, q)
	}
	return all
}

func (f *fixture) counted(result string) float64 {
	return testutil.ToFloat64(f.counts.WithLabelValues(relock.Vendor, result))
}

const (
	harmless = `{"event":"session.ended","data":{"sessionId":"s-1","userId":"u"}}`
	drifted  = `{"event":"session.ended","data":{"sessionId":7}}`
)

// Refused requests and warnings are recorded, and nothing else.
func TestWhatIsRecorded(t *testing.T) {
	forged := func(f *fixture) *http.Request {
		r := f.request(harmless)
		r.Header.Set(relock.SignatureHeader, strings.Repeat("0", 64))
		return r
	}
	for name, c := range map[string]struct {
		request  func(*fixture) *http.Request
		fails    error
		status   int
		recorded string // the status in the recording, the error and the number of warnings
	}{
		"accepted":            {func(f *fixture) *http.Request { return f.request(harmless) }, nil, 200, ""},
		"a callback fails":    {func(f *fixture) *http.Request { return f.request(harmless) }, errors.New("x"), 500, ""},
		"it is not available": {func(f *fixture) *http.Request { return f.request(harmless) }, event.Unavailable(errors.New("x"), time.Second), 503, ""},
		"permanent":           {func(f *fixture) *http.Request { return f.request(harmless) }, event.Permanent(errors.New("x")), 200, ""},
		"warnings":            {func(f *fixture) *http.Request { return f.request(drifted) }, nil, 200, "200 "},
		"warnings, and a callback fails": {func(f *fixture) *http.Request { return f.request(drifted) }, errors.New("canary"), 500,
			"500 the event could not be handled"},
		"an unknown event": {func(f *fixture) *http.Request { return f.request(`{"event":"x","data":{}}`) }, nil, 200, "200 "},
		"undecodable": {func(f *fixture) *http.Request { return f.request(`[1]`) }, errors.New("canary"), 500,
			"500 verify: malformed body"},
		"forged": {forged, nil, 401, "401 verify: not authenticated: credential refused: signature does not match"},
		"GET": {func(f *fixture) *http.Request {
			r := f.request(harmless)
			r.Method = http.MethodGet
			return r
		}, nil, 405, "405 verify: method is not POST"},
		"an encoding": {func(f *fixture) *http.Request {
			r := f.request(harmless)
			r.Header.Set("Content-Encoding", "canary-of-a-header")
			return r
		}, nil, 415, "415 verify: body has a content encoding: \"…\""},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, verify.Config{})
			f.fails = c.fails
			assert.Equal(t, c.status, f.serve(c.request(f)))
			got := ""
			for _, q := range f.written() {
				got += q.Header.Get(capture.StatusField) + " " + q.Header.Get(capture.ErrorField)
			}
			assert.Equal(t, c.recorded, got)
			want := 1.
			if c.recorded == "" {
				want = 0
			}
			assert.Equal(t, want, f.counted(written))
			assert.Zero(t, f.memory.Load())
		})
	}
}

func TestRecording(t *testing.T) {
	f := newFixture(t, verify.Config{})
	began := time.Now()
	require.Equal(t, 200, f.serve(f.request(`{"event":"session.ended","data":{"sessionId":7,"userId":true,"extra":"x"}}`)))
	all := f.written()
	require.Len(t, all, 1)
	q := all[0]
	assert.Equal(t, "POST /webhooks/relock HTTP/1.1", strings.Join([]string{q.Method, q.Target, q.Proto}, " "))
	assert.Equal(t, []string{"/data/sessionId want string, got number", "/data/userId want string, got boolean"}, q.Values(capture.WarningField))
	assert.Equal(t, `{"event":"session.ended","data":{"sessionId":7,"userId":true,"extra":"[redacted string of 1]"}}`, string(q.Body))
	assert.Equal(t, []string{"[redacted]"}, q.Values(relock.SignatureHeader))
	assert.Equal(t, []string{"gateway"}, q.Values("Host"))
	at, err := time.Parse(time.RFC3339Nano, q.Header.Get(capture.RecordedField))
	require.NoError(t, err)
	assert.WithinRange(t, at, began.Add(-time.Millisecond), time.Now())
	assert.Contains(t, q.Values(capture.MaskedField), "the header fields "+relock.SignatureHeader)
	assert.Empty(t, q.Oddities)
}

// A long body is left out, and what was not read is said.
func TestBodiesThatAreLeftOut(t *testing.T) {
	f := newFixture(t, verify.Config{MaxBody: 1 << 20})
	r := f.request(`{"event":"x","data":"` + strings.Repeat("y", maxBody) + `"}`)
	require.Equal(t, 200, f.serve(r))
	r = f.request(harmless)
	r.Header.Del(relock.SignatureHeader)
	r.Header.Set("Content-Length", "65")
	require.Equal(t, 401, f.serve(r))
	r = f.request(`{"event":"x"`)
	r.TransferEncoding = []string{"chunked"}
	require.Equal(t, 400, f.serve(r))
	masked := make(map[string]string)
	for _, q := range f.written() {
		assert.Empty(t, q.Body)
		masked[q.Header.Get(capture.StatusField)] = strings.Join(q.Values(capture.MaskedField), "\n")
	}
	assert.Contains(t, masked["200"], "the body, which is longer than 65536 bytes")
	assert.Contains(t, masked["401"], "the body, which was not read")
	assert.Contains(t, masked["401"], "the header field Content-Length, which was 65")
	assert.Contains(t, masked["400"], "it breaks off after 12 bytes")
	assert.Contains(t, masked["400"], "the header field Transfer-Encoding, which was chunked")
}

// The memory of bodies is bounded, and given back.
func TestMemoryIsBounded(t *testing.T) {
	f := newFixture(t, verify.Config{})
	require.True(t, f.reserve(maxMemory-1))
	assert.Equal(t, 200, f.serve(f.request(drifted)))
	assert.EqualValues(t, maxMemory-1, f.memory.Load())
	assert.Equal(t, 1., f.counted(dropped))
	f.release(maxMemory - 1)
	assert.Equal(t, 200, f.serve(f.request(drifted)))
	assert.Positive(t, f.memory.Load(), "it waits")
	assert.Len(t, f.written(), 1)
	assert.Zero(t, f.memory.Load())
}

// So is that of the heads, for which bodies leave no room.
func TestMemoryOfHeads(t *testing.T) {
	f := newFixture(t, verify.Config{})
	r := f.request(drifted)
	r.Header.Set("X-Long", strings.Repeat("x", maxMemory))
	assert.Equal(t, 200, f.serve(r))
	assert.Equal(t, 1., f.counted(dropped))
	assert.Zero(t, f.memory.Load())
	r.Header.Set("X-Long", strings.Repeat("x", maxMemory/2))
	r.Body = io.NopCloser(strings.NewReader(drifted))
	assert.Equal(t, 200, f.serve(r))
	assert.Greater(t, f.memory.Load(), int64(maxMemory/2))
	f.release((<-f.waiting).reserved)
	assert.Zero(t, f.memory.Load())
}

// Nothing waits for the disk: here nobody writes.
func TestFullQueue(t *testing.T) {
	f := newFixture(t, verify.Config{})
	for range maxWaiting {
		f.waiting <- new(job)
	}
	assert.Equal(t, 200, f.serve(f.request(drifted)))
	assert.Equal(t, 1., f.counted(dropped))
	assert.Zero(t, f.memory.Load())
}

// A flood of refused requests is sampled, and leaves room for what is warned of.
func TestFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, verify.Config{})
		flood := func() {
			for range 50 {
				r := f.request(harmless)
				r.Header.Set(relock.SignatureHeader, strings.Repeat("0", 64))
				require.Equal(t, 401, f.serve(r))
			}
		}
		flood()
		assert.Equal(t, 30., f.counted(sampled))
		time.Sleep(3 * time.Second)
		flood()
		assert.Equal(t, 77., f.counted(sampled))
		require.Equal(t, 200, f.serve(f.request(drifted)))
		assert.Len(t, f.written(), 24)
		assert.Equal(t, 24., f.counted(written))
	})
}

// What goes wrong is logged once, and is over when the directory is there again.
func TestDirectoryIsRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, verify.Config{})
		require.NoError(t, f.Start())
		send := func() {
			require.Equal(t, 200, f.serve(f.request(drifted)))
			synctest.Wait()
			time.Sleep(time.Second)
		}
		parent := filepath.Dir(f.dir)
		require.NoError(t, os.Rename(parent, parent+".away"))
		require.NoError(t, os.RemoveAll(parent+".away"))
		for range 5 {
			send()
		}
		assert.Equal(t, 5., f.counted(failed))
		assert.Equal(t, 1, strings.Count(f.log.String(), `level=ERROR msg="recordings cannot be written" error="-record: `), f.log.String())
		require.NoError(t, os.Mkdir(parent, 0o700))
		send()
		assert.Len(t, files(t, f.dir), 1)
		assert.Equal(t, 1, strings.Count(f.log.String(), `level=INFO msg="recordings are written again"`), f.log.String())
		require.NoError(t, os.Chmod(f.dir, 0o755))
		f.Close(t.Context())
		assert.ErrorContains(t, f.Start(), "others can read")
	})
}

// Names that could not be written are new the next time.
func TestNamesAreWrittenOnceTheyCanBe(t *testing.T) {
	parent := filepath.Join(t.TempDir(), "missing")
	r := New(Config{Dir: filepath.Join(parent, "recordings"), Registry: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler)})
	try := func() (bool, error) {
		q := &capture.Request{Method: "POST", Header: http.Header{}, Body: []byte(`{"UserName":"u","Stockwerk":"3"}`)}
		return r.tryWrite(&job{kind: named, vendor: "userlock", at: time.Now(), status: 200, genuine: true, request: q, whole: true})
	}
	_, err := try()
	require.Error(t, err)
	require.NoError(t, os.Mkdir(parent, 0o700))
	did, err := try()
	require.NoError(t, err)
	assert.True(t, did)
	did, err = try()
	require.NoError(t, err)
	assert.False(t, did)
}

// A panic while writing, which a request may have caused, is contained, and not shown.
func TestPanicIsContained(t *testing.T) {
	f := newFixture(t, verify.Config{})
	f.waiting <- &job{vendor: relock.Vendor} // without a request
	require.Equal(t, 200, f.serve(f.request(drifted)))
	assert.Len(t, f.written(), 1)
	assert.Equal(t, 1., f.counted(failed))
	assert.Contains(t, f.log.String(), "it panicked")
}

// With a recorder around them, endpoints work over every protocol as without: they read
// after 100 Continue, and give up a body that does not arrive.
func TestProtocols(t *testing.T) {
	f, hasty := newFixture(t, verify.Config{}), newFixture(t, verify.Config{BodyTimeout: 100 * time.Millisecond})
	endpoints := http.NewServeMux()
	endpoints.Handle("/", f.endpoint)
	endpoints.Handle("/hasty", hasty.endpoint)
	one, two := httptest.NewServer(endpoints), httptest.NewUnstartedServer(endpoints)
	two.EnableHTTP2 = true
	two.StartTLS()
	one.Client().Transport.(*http.Transport).ExpectContinueTimeout = time.Minute
	for proto, server := range map[string]*httptest.Server{"HTTP/1.1": one, "HTTP/2.0": two} {
		post := func(path string, body io.Reader, header ...string) *http.Response {
			t.Helper()
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+path, body)
			require.NoError(t, err)
			r.Header.Set(relock.SignatureHeader, f.request(drifted).Header.Get(relock.SignatureHeader))
			for i := 0; i < len(header); i += 2 {
				r.Header.Set(header[i], header[i+1])
			}
			answer, err := server.Client().Do(r)
			require.NoError(t, err)
			_, _ = io.Copy(io.Discard, answer.Body)
			require.NoError(t, answer.Body.Close())
			assert.Equal(t, proto, answer.Proto)
			return answer
		}
		var read atomic.Bool
		answer := post("/", &spy{strings.NewReader(drifted), &read}, "Expect", "100-continue")
		assert.Equal(t, 200, answer.StatusCode)
		read.Store(false)
		answer = post("/", &spy{strings.NewReader(drifted), &read}, "Expect", "100-continue", relock.SignatureHeader, "")
		assert.Equal(t, 401, answer.StatusCode)
		assert.False(t, proto == "HTTP/1.1" && read.Load(), "it was read, though nobody said 100 Continue")

		slow, end := io.Pipe()
		answer = post("/hasty", slow)
		assert.Equal(t, 408, answer.StatusCode)
		_ = end.Close()
		server.Close()
	}
	for f, want := range map[*fixture]map[string]int{f: {"200": 2, "401": 2}, hasty: {"408": 2}} {
		statuses := make(map[string]int)
		for _, q := range f.written() {
			statuses[q.Header.Get(capture.StatusField)]++
		}
		assert.Equal(t, want, statuses)
	}
}

// A spy notes that it was read.
type spy struct {
	io.Reader
	read *atomic.Bool
}

func (s *spy) Read(p []byte) (int, error) {
	s.read.Store(true)
	return s.Reader.Read(p)
}
