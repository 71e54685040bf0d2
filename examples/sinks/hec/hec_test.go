package hec_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/examples/sinks"
	"github.com/accesshook/accesshook/examples/sinks/hec"
	"github.com/accesshook/accesshook/examples/sinks/internal/sinktest"
)

// A collector takes events.
type collector struct {
	// refuse answers a whole request, if it returns a status.
	refuse func(events []map[string]any) (status int, body string)
	// acks says how often an acknowledgement is asked for before it is given. 0: there are
	// no acknowledgements. -1: it is never given.
	acks int

	mu       sync.Mutex
	events   []map[string]any
	requests []int // events in each
	asked    map[string]int
	channels map[string]bool
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.asked == nil {
		c.asked, c.channels = make(map[string]int), make(map[string]bool)
	}
	channel := r.Header.Get("X-Splunk-Request-Channel")
	c.channels[channel] = true
	switch {
	case r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json":
		w.WriteHeader(http.StatusMethodNotAllowed)
	case strings.HasSuffix(r.URL.Path, "/services/collector/event"):
		c.take(w, r)
	case strings.HasSuffix(r.URL.Path, "/services/collector/ack") && r.URL.Query().Get("channel") == channel:
		var question struct{ Acks []int }
		_ = json.NewDecoder(r.Body).Decode(&question)
		id := fmt.Sprint(question.Acks[0])
		c.asked[id]++
		fmt.Fprintf(w, `{"acks":{"%s":%t}}`, id, c.acks > 0 && c.asked[id] >= c.acks)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (c *collector) take(w http.ResponseWriter, r *http.Request) {
	var events []map[string]any
	for d := json.NewDecoder(r.Body); ; {
		var e map[string]any
		if err := d.Decode(&e); err == io.EOF {
			break
		} else if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"text":"Invalid data format","code":6}`)
			return
		}
		events = append(events, e)
	}
	c.requests = append(c.requests, len(events))
	if c.refuse != nil {
		if status, body := c.refuse(events); status != 0 {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
			return
		}
	}
	c.events = append(c.events, events...)
	if c.acks == 0 {
		_, _ = io.WriteString(w, `{"text":"Success","code":0}`)
		return
	}
	fmt.Fprintf(w, `{"text":"Success","code":0,"ackId":%d}`, len(c.requests))
}

func encode(dst []byte, e *event.Event) ([]byte, error) { return fmt.Appendf(dst, "%q", e.ID), nil }

// ids returns what encode wrote.
func ids(events []map[string]any) []string {
	var list []string
	for _, e := range events {
		list = append(list, e["event"].(string))
	}
	return list
}

func start(t *testing.T, h http.Handler, c hec.Config) *hec.Sink {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	c.URL = server.URL + c.URL
	if c.Encode == nil {
		c.Encode = encode
	}
	sink, err := hec.New(c)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, sink.Close()) })
	return sink
}

func TestFaults(t *testing.T) {
	sinktest.HTTP{
		New: func(s sinktest.Settings) (sinks.Sink, error) {
			sink, err := hec.New(hec.Config{
				URL: s.URL, Authorization: s.Authorization, CAFile: s.CAFile, Timeout: s.Timeout,
			})
			if err != nil {
				return nil, err
			}
			return sink, nil
		},
		Accept: new(collector).ServeHTTP,
	}.Run(t)
}

func TestEnvelope(t *testing.T) {
	at := time.Date(2026, 11, 3, 8, 30, 15, 123456789, time.UTC)
	for name, test := range map[string]struct {
		c    hec.Config
		e    event.Event
		want map[string]any
	}{
		"plain": {
			e:    event.Event{ID: "1", Vendor: "relock", Source: "relock", Time: at},
			want: map[string]any{"time": 1793694615.123, "source": "accesshook/relock", "event": "1"},
		},
		"all fields": {
			c:    hec.Config{Index: "identity", Host: `gate"way`, SourceType: "accesshook"},
			e:    event.Event{ID: "1", Vendor: "unloc", Source: "north", Time: at},
			want: map[string]any{"time": 1793694615.123, "source": "accesshook/unloc/north", "event": "1", "index": "identity", "host": `gate"way`, "sourcetype": "accesshook"},
		},
		"received": {
			e:    event.Event{ID: "1", Vendor: "unloc", Received: at},
			want: map[string]any{"time": 1793694615.123, "source": "accesshook/unloc", "event": "1"},
		},
		"no time": {
			e:    event.Event{ID: "1", Vendor: "unloc"},
			want: map[string]any{"source": "accesshook/unloc", "event": "1"},
		},
		"before 1970": {
			e:    event.Event{ID: "1", Vendor: "unloc", Time: time.Unix(-2, 500e6)},
			want: map[string]any{"time": -1.5, "source": "accesshook/unloc", "event": "1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := new(collector)
			for _, err := range start(t, c, test.c).Send(t.Context(), []*event.Event{&test.e}) {
				require.NoError(t, err)
			}
			assert.Empty(t, cmp.Diff([]map[string]any{test.want}, c.events))
		})
	}
}

func TestEventsAreOCSF(t *testing.T) {
	c := new(collector)
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	sink, err := hec.New(hec.Config{URL: server.URL})
	require.NoError(t, err)
	for _, err := range sink.Send(t.Context(), sinktest.Events(2)) {
		require.NoError(t, err)
	}
	require.Len(t, c.events, 2)
	assert.Equal(t, "ocsf:accesshook", c.events[0]["sourcetype"])
	assert.EqualValues(t, 3002, c.events[0]["event"].(map[string]any)["class_uid"])
	assert.Len(t, c.channels, 1)
	for channel := range c.channels {
		assert.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, channel)
	}
}

// One event that the collector refuses is lost alone, whether it says which, says nothing,
// or names another one.
func TestOneEventIsRefused(t *testing.T) {
	for _, code := range []int{5, 6, 12, 13, 15} {
		for name, number := range map[string]func(i int) string{
			"named":        func(i int) string { return fmt.Sprintf(`,"invalid-event-number":%d`, i) },
			"not named":    func(int) string { return "" },
			"next one":     func(i int) string { return fmt.Sprintf(`,"invalid-event-number":%d`, i+1) },
			"out of range": func(int) string { return `,"invalid-event-number":-3` },
		} {
			t.Run(fmt.Sprint(code, name), func(t *testing.T) {
				c := &collector{refuse: func(events []map[string]any) (int, string) {
					for i, id := range ids(events) {
						if id == "id-3" {
							return 400, fmt.Sprintf(`{"text":"canary","code":%d%s}`, code, number(i))
						}
					}
					return 0, ""
				}}
				for i, err := range start(t, c, hec.Config{}).Send(t.Context(), sinktest.Events(8)) {
					if i != 3 {
						assert.NoError(t, err)
						continue
					}
					assert.True(t, event.IsPermanent(err))
					assert.ErrorContains(t, err, fmt.Sprintf("answered 400 Bad Request (code %d: ", code))
					assert.NotContains(t, err.Error(), "canary")
				}
				assert.ElementsMatch(t, []string{"id-0", "id-1", "id-2", "id-4", "id-5", "id-6", "id-7"}, ids(c.events))
				if name == "named" {
					assert.Empty(t, cmp.Diff([]int{8, 3, 1, 4}, c.requests))
				}
			})
		}
	}
}

func TestCodes(t *testing.T) {
	for _, test := range []struct {
		status     int
		body       string
		want       string
		retryAfter time.Duration // -1: not Unavailable
	}{
		{403, `{"text":"Token disabled","code":1}`, "403 Forbidden (code 1: the token is disabled): check the token and its settings", time.Minute},
		{401, `{"text":"Invalid authorization","code":3}`, "401 Unauthorized (code 3: the authorization is not valid): check the token and its settings", time.Minute},
		{400, `{"text":"Incorrect index","code":7,"invalid-event-number":1}`, "400 Bad Request (code 7: the token may not write to the index): check the token and its settings", time.Minute},
		{400, `{"text":"ACK is disabled","code":14}`, "400 Bad Request (code 14: acknowledgement is disabled): check the token and its settings", time.Minute},
		{500, `{"text":"Internal server error","code":8}`, "500 Internal Server Error (code 8: internal error)", -1},
		{503, `{"text":"Server is busy","code":9}`, "503 Service Unavailable (code 9: busy)", 0},
		{429, `{"text":"new","code":99}`, "429 Too Many Requests (code 99)", 0},
		{200, `{"text":"Server is busy","code":9}`, "did not answer as expected", 0},
		{200, `{"text":"Success"}`, "did not answer as expected", 0},
		{503, `busy`, "503 Service Unavailable", 0},
	} {
		t.Run(fmt.Sprint(test.status, test.body), func(t *testing.T) {
			sink := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.body)
			}), hec.Config{})
			errs := sink.Send(t.Context(), sinktest.Events(2))
			require.Len(t, errs, 2)
			for _, err := range errs {
				require.Error(t, err)
				assert.True(t, strings.HasSuffix(err.Error(), test.want), err)
				assert.False(t, event.IsPermanent(err))
				retryAfter, unavailable := event.IsUnavailable(err)
				assert.Equal(t, test.retryAfter != -1, unavailable)
				assert.Equal(t, max(test.retryAfter, 0), retryAfter)
			}
		})
	}
}

func TestAcknowledgement(t *testing.T) {
	c := &collector{acks: 3}
	sink := start(t, c, hec.Config{URL: "/prefix/services/collector/event?x=y", MaxEvents: 2})
	for _, err := range sink.Send(t.Context(), sinktest.Events(3)) {
		assert.NoError(t, err)
	}
	assert.Empty(t, cmp.Diff(map[string]int{"1": 3, "2": 3}, c.asked))
	assert.Len(t, c.channels, 1)
}

func TestNoAcknowledgement(t *testing.T) {
	sink := start(t, &collector{acks: -1}, hec.Config{AckTimeout: 250 * time.Millisecond})
	errs := sink.Send(t.Context(), sinktest.Events(2))
	require.Len(t, errs, 2)
	for _, err := range errs {
		assert.ErrorContains(t, err, "did not acknowledge the events in time")
		_, unavailable := event.IsUnavailable(err)
		assert.True(t, unavailable)
	}
}

// The reason why there was no acknowledgement is not hidden by the end of the wait.
func TestAcknowledgementFails(t *testing.T) {
	for want, answer := range map[string]http.HandlerFunc{
		"answered 503 Service Unavailable": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		"did not answer as expected":       func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"acks":7}`) },
		"answered 400 Bad Request":         func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) },
	} {
		t.Run(want, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			c, asked := &collector{acks: -1}, 0
			sink := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !strings.HasSuffix(r.URL.Path, "/ack") {
					c.ServeHTTP(w, r)
					return
				}
				_, _ = io.Copy(io.Discard, r.Body)
				if asked++; asked == 2 {
					cancel()
					<-r.Context().Done()
				}
				answer(w, r)
			}), hec.Config{AckTimeout: time.Hour})
			errs := sink.Send(ctx, sinktest.Events(2))
			require.Len(t, errs, 2)
			for _, err := range errs {
				assert.ErrorContains(t, err, want)
				assert.ErrorIs(t, err, context.Canceled)
				_, unavailable := event.IsUnavailable(err)
				assert.True(t, unavailable)
				assert.False(t, event.IsPermanent(err))
			}
		})
	}
}

func TestRequestsAreBounded(t *testing.T) {
	c := new(collector)
	for _, err := range start(t, c, hec.Config{MaxEvents: 4}).Send(t.Context(), sinktest.Events(9)) {
		assert.NoError(t, err)
	}
	assert.Empty(t, cmp.Diff([]int{4, 4, 1}, c.requests))
	for want, c := range map[string]hec.Config{
		"Config.MaxBytes or Config.MaxEvents is negative": {MaxBytes: -1},
		"Config.AckTimeout is negative":                   {AckTimeout: -1},
	} {
		c.URL = "https://splunk.example.com:8088"
		_, err := hec.New(c)
		assert.ErrorContains(t, err, want)
	}
}
