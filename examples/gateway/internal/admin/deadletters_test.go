package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event/durable"
)

// letters are dead letters with the numbers 1 to count, each of size bytes.
type letters struct {
	count, size int
	asked       []int                           // limits of List
	filter      durable.DeadFilter              // of the last List, without After
	wait        func(ctx context.Context) error // called by each method, if not nil
	err         error                           // of each method
	did         []string
}

var errNone = errors.New("none")

func (l *letters) do(ctx context.Context, what string, number uint64) error {
	l.did = append(l.did, fmt.Sprint(what, " ", number))
	if l.wait != nil {
		return l.wait(ctx)
	}
	if l.err == nil && number > uint64(l.count) {
		return errNone
	}
	return l.err
}

func (l *letters) List(ctx context.Context, f durable.DeadFilter, limit int) (list []json.RawMessage, err error) {
	after := f.After
	f.After = 0
	l.asked, l.filter = append(l.asked, limit), f
	if l.wait != nil {
		return nil, l.wait(ctx)
	}
	for n := int(after) + 1; n > 0 && n <= l.count && len(list) < limit; n++ {
		list = append(list, json.RawMessage(fmt.Sprintf(`{"number":%d,"error":"%s"}`, n, strings.Repeat("x", l.size))))
	}
	return list, l.err
}

func (l *letters) Show(ctx context.Context, number uint64) (json.RawMessage, error) {
	err := l.do(ctx, "show", number)
	return json.RawMessage(fmt.Sprintf(`{"number":%d,"event":{"specversion":"1.0"}}`, number)), err
}

func (l *letters) Retry(ctx context.Context, number uint64) error { return l.do(ctx, "retry", number) }

func (l *letters) Drop(ctx context.Context, number uint64) error { return l.do(ctx, "drop", number) }

var errAgain = errors.New("canary-callback-error")

// newAPI returns the API of dead letters, and what it logs.
func newAPI(l DeadLetters) (http.Handler, *buffer) {
	log := new(buffer)
	mux := http.NewServeMux()
	(&DeadLetterAPI{
		Letters: l, RetryTimeout: time.Minute, Log: slog.New(slog.NewTextHandler(log, nil)),
		Explain: func(err error) (int, string) {
			switch {
			case errors.Is(err, errNone):
				return http.StatusNotFound, "there is no such dead letter"
			case errors.Is(err, errAgain):
				return http.StatusBadGateway, "the callbacks failed again"
			}
			return 0, ""
		},
	}).Register(mux)
	return mux, log
}

func ask(t *testing.T, h http.Handler, method, path string) (w *httptest.ResponseRecorder) {
	w = httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, nil))
	return w
}

func TestDeadLettersAreListed(t *testing.T) {
	l := &letters{count: 123}
	h, _ := newAPI(l)
	for path, want := range map[string][3]int{ // how many, the first, the last
		"/dead": {100, 1, 100}, "/dead?after=50": {73, 51, 123}, "/dead?limit=1": {1, 1, 1}, "/dead?limit=25": {25, 1, 25}, "/dead?after=119&limit=4": {4, 120, 123},
		"/dead?after=123": {}, "/dead?after=18446744073709551615": {},
	} {
		w := ask(t, h, http.MethodGet, path)
		assert.Equal(t, 200, w.Code)
		var list []struct{ Number int }
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &list))
		assert.NotNil(t, list, path)
		assert.Len(t, list, want[0], path)
		for i, letter := range list {
			assert.Equal(t, want[1]+i, letter.Number, path)
		}
		if len(list) > 0 {
			assert.Equal(t, want[2], list[len(list)-1].Number, path)
		}
	}
	for _, asked := range l.asked {
		assert.LessOrEqual(t, asked, deadLettersAtOnce)
	}
}

func TestDeadLettersAreFiltered(t *testing.T) {
	l := &letters{count: 25}
	h, _ := newAPI(l)
	w := ask(t, h, http.MethodGet, "/dead?vendor=relock&type=session.*&consumer=siem&error=no+route&since=2026-03-01T14:00:00%2B02:00&until=2026-03-02T00:00:00.5Z")
	require.Equal(t, 200, w.Code)
	assert.Equal(t, "true", w.Header().Get("Accesshook-Filtered"))
	want := durable.DeadFilter{
		Filter: durable.Filter{Vendor: "relock", Type: "session.*"}, Consumer: "siem", Error: "no route",
		Since: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Until: time.Date(2026, 3, 2, 0, 0, 0, 5e8, time.UTC),
	}
	if diff := cmp.Diff(want, l.filter); diff != "" {
		t.Error(diff)
	}
	var list []struct{ Number int }
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &list))
	assert.Len(t, list, 25, "in several readings")
}

func TestFiltersOfDeadLettersAreValidated(t *testing.T) {
	l := new(letters)
	h, _ := newAPI(l)
	for query, says := range map[string]string{
		"after=x": "after must be a number", "after=-1": "after must be a number", "after=": "after must be a number",
		"limit=0": "limit 1 to 100", "limit=101": "limit 1 to 100", "limit=x": "limit 1 to 100",
		"since=yesterday": "since and until times as in RFC 3339", "until=2026-03-01": "since and until times as in RFC 3339",
		"vender=relock": "there is a parameter other than", "=": "there is a parameter other than",
		"vendor=relock&vendor=unloc": "a parameter is there twice",
		"vendor=*":                   "no dead letter has such a vendor", "type=a..b": "no dead letter has such a vendor", "consumer=%3E": "no dead letter has such a vendor",
	} {
		w := ask(t, h, http.MethodGet, "/dead?"+query)
		assert.Equal(t, 400, w.Code, query)
		assert.Contains(t, w.Body.String(), says, query)
	}
	assert.Empty(t, l.asked)
}

// A list of large dead letters ends early. Who asks on gets the rest.
func TestListsOfDeadLettersAreBounded(t *testing.T) {
	for _, test := range []struct{ size, count, want int }{{maxListBytes / 40, 41, 39}, {maxListBytes / 5, 5, 4}, {2 * maxListBytes, 2, 1}} {
		h, _ := newAPI(&letters{count: test.count, size: test.size})
		seen := 0
		for seen < test.count {
			w := ask(t, h, http.MethodGet, fmt.Sprint("/dead?after=", seen))
			require.Equal(t, 200, w.Code)
			var list []struct{ Number int }
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &list))
			require.Len(t, list, min(test.want, test.count-seen))
			require.Equal(t, seen+1, list[0].Number)
			seen += len(list)
		}
	}
}

func TestDeadLettersByNumber(t *testing.T) {
	l := &letters{count: 3}
	h, log := newAPI(l)
	for _, test := range []struct{ method, path, did, body string }{
		{http.MethodGet, "/dead/2", "show 2", `{"number":2,"event":{"specversion":"1.0"}}`},
		{http.MethodPost, "/dead/2/retry", "retry 2", `{"handled":true}`},
		{http.MethodDelete, "/dead/2", "drop 2", `{"dropped":true}`},
	} {
		l.did, l.err = nil, nil
		w := ask(t, h, test.method, test.path)
		assert.Equal(t, 200, w.Code)
		assert.JSONEq(t, test.body, w.Body.String())
		assert.Equal(t, "application/json", w.Header().Get("Content-Type"))
		assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
		assert.Equal(t, []string{test.did}, l.did)

		for _, number := range []string{"4", "x", "-1", "18446744073709551616"} {
			w := ask(t, h, test.method, strings.Replace(test.path, "2", number, 1))
			assert.Equal(t, 404, w.Code, number)
			assert.JSONEq(t, `{"error":"there is no such dead letter"}`, w.Body.String())
		}
		l.err = errAgain
		w = ask(t, h, test.method, test.path)
		assert.Equal(t, 502, w.Code)
		assert.JSONEq(t, `{"error":"the callbacks failed again"}`, w.Body.String())
		assert.Empty(t, log.String())
	}

	l.err = errors.New("canary-store-error")
	for i, to := range [][2]string{{http.MethodGet, "/dead"}, {http.MethodGet, "/dead/1"}, {http.MethodPost, "/dead/1/retry"}, {http.MethodDelete, "/dead/1"}} {
		w := ask(t, h, to[0], to[1])
		assert.Equal(t, 503, w.Code, to)
		assert.JSONEq(t, `{"error":"the store does not answer"}`, w.Body.String())
		assert.Equal(t, i+1, strings.Count(log.String(), `msg="dead letters cannot be had" error=canary-store-error`))
	}
}

// Many slow reads must not hold the store, nor memory.
func TestReadsOfDeadLettersAreBounded(t *testing.T) {
	reads := [][2]string{{http.MethodGet, "/dead"}, {http.MethodGet, "/dead/1"}, {http.MethodDelete, "/dead/1"}}
	retry := [][2]string{{http.MethodPost, "/dead/1/retry"}}
	for name, test := range map[string]struct {
		busy, refused, free [][2]string
		timeout             time.Duration
	}{
		"reads":   {reads, reads, retry, readTimeout},
		"retries": {retry, retry, reads, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				block := true
				l := &blocking{letters{count: 1}, func() bool { return block }}
				h, log := newAPI(l)
				answers := make(chan *httptest.ResponseRecorder, maxReads)
				began := time.Now()
				for i := range maxReads {
					to := test.busy[i%len(test.busy)]
					go func() { answers <- ask(t, h, to[0], to[1]) }()
				}
				synctest.Wait()
				block = false
				for _, to := range test.refused {
					w := ask(t, h, to[0], to[1])
					assert.Equal(t, 503, w.Code)
					assert.Equal(t, "1", w.Header().Get("Retry-After"))
					assert.JSONEq(t, `{"error":"too many requests for dead letters at once"}`, w.Body.String())
				}
				for _, to := range test.free {
					assert.Equal(t, 200, ask(t, h, to[0], to[1]).Code, to)
				}
				for range maxReads {
					w := <-answers
					assert.Equal(t, 503, w.Code)
					assert.JSONEq(t, `{"error":"the store does not answer"}`, w.Body.String())
				}
				assert.Equal(t, test.timeout, time.Since(began))
				assert.Equal(t, maxReads, strings.Count(log.String(), "context deadline exceeded"))
				for _, to := range test.busy {
					assert.Equal(t, 200, ask(t, h, to[0], to[1]).Code, "afterwards")
				}
			})
		})
	}
}

// blocking are letters whose calls last until their context ends, while blocks says so.
type blocking struct {
	letters
	blocks func() bool
}

func (b *blocking) hold(ctx context.Context) error {
	if b.blocks() {
		<-ctx.Done()
	}
	return ctx.Err()
}

func (b *blocking) List(ctx context.Context, _ durable.DeadFilter, _ int) ([]json.RawMessage, error) {
	return nil, b.hold(ctx)
}

func (b *blocking) Show(ctx context.Context, _ uint64) (json.RawMessage, error) {
	return json.RawMessage(`{}`), b.hold(ctx)
}

func (b *blocking) Retry(ctx context.Context, _ uint64) error { return b.hold(ctx) }

func (b *blocking) Drop(ctx context.Context, _ uint64) error { return b.hold(ctx) }

// Callbacks may take longer than the other answers of a server.
func TestRetryOutlastsTheWriteTimeout(t *testing.T) {
	timeout := 100 * time.Millisecond
	h, _ := newAPI(&letters{count: 1, wait: func(context.Context) error { time.Sleep(3 * timeout); return nil }})
	server := httptest.NewUnstartedServer(h)
	server.Config.WriteTimeout = timeout
	server.Start()
	defer server.Close()
	answer, err := http.Post(server.URL+"/dead/1/retry", "", nil)
	require.NoError(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	assert.JSONEq(t, `{"handled":true}`, string(body))
}

// The parameters of a list are in the URL. A form in the body would be kept in memory,
// and in files if it is larger than 32 MiB.
func TestListOfDeadLettersReadsNoBody(t *testing.T) {
	h, _ := newAPI(new(letters))
	body := &countedReader{Reader: strings.NewReader("--x\r\nContent-Disposition: form-data; name=limit\r\n\r\n0\r\n--x--\r\n")}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/dead", body)
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	assert.Equal(t, 200, w.Code)
	assert.Equal(t, "[]\n", w.Body.String())
	assert.Zero(t, body.reads)
}

type countedReader struct {
	io.Reader
	reads int
}

func (c *countedReader) Read(p []byte) (int, error) {
	c.reads++
	return c.Reader.Read(p)
}

func TestThereAreNoDeadLettersWithoutAStore(t *testing.T) {
	h, _ := newAPI(nil)
	for _, to := range [][2]string{{http.MethodGet, "/dead"}, {http.MethodGet, "/dead/1"}, {http.MethodPost, "/dead/1/retry"}, {http.MethodDelete, "/dead/1"}} {
		w := ask(t, h, to[0], to[1])
		assert.Equal(t, 404, w.Code)
		assert.JSONEq(t, `{"error":"there is no store: the gateway was started without -data and -nats"}`, w.Body.String())
	}
}
