package otlp_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	collector "go.opentelemetry.io/proto/slim/otlp/collector/logs/v1"
	logs "go.opentelemetry.io/proto/slim/otlp/logs/v1"
	"google.golang.org/protobuf/proto"

	"github.com/accesshook/accesshook/event"
	records "github.com/accesshook/accesshook/event/otlp"
	"github.com/accesshook/accesshook/examples/sinks"
	"github.com/accesshook/accesshook/examples/sinks/internal/sinktest"
	"github.com/accesshook/accesshook/examples/sinks/otlp"
	"github.com/accesshook/accesshook/internal/secrettest"
)

// A receiver takes logs.
type receiver struct {
	// reject says which records are not taken.
	reject func(r *logs.LogRecord) bool
	// status is what a request with such a record is answered. Zero: 200, and the records
	// are rejected.
	status int

	mu       sync.Mutex
	taken    map[string]int // requests, by log.record.uid
	requests []int          // records in each
	header   http.Header
	resource map[string]string
	path     string
}

func (c *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	request, err := readRequest(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c.header, c.path = r.Header, r.URL.Path
	c.resource = make(map[string]string)
	if c.taken == nil {
		c.taken = make(map[string]int)
	}
	var taken []string
	n, rejected := 0, int64(0)
	for _, resource := range request.ResourceLogs {
		for _, a := range resource.Resource.Attributes {
			c.resource[a.Key] = a.Value.GetStringValue()
		}
		for _, scope := range resource.ScopeLogs {
			for _, record := range scope.LogRecords {
				n++
				if c.reject != nil && c.reject(record) {
					rejected++
					continue
				}
				taken = append(taken, uid(record))
			}
		}
	}
	c.requests = append(c.requests, n)
	if rejected > 0 && c.status != 0 {
		http.Error(w, "canary-of-the-server", c.status)
		return
	}
	for _, id := range taken {
		c.taken[id]++
	}
	answer := new(collector.ExportLogsServiceResponse)
	if rejected > 0 {
		answer.PartialSuccess = &collector.ExportLogsPartialSuccess{RejectedLogRecords: rejected, ErrorMessage: "canary-of-the-server"}
	}
	body, _ := proto.Marshal(answer)
	w.Header().Set("Content-Type", "application/x-protobuf")
	_, _ = w.Write(body)
}

func readRequest(r *http.Request) (*collector.ExportLogsServiceRequest, error) {
	if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/x-protobuf" {
		return nil, errors.New("no POST of protobuf")
	}
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	request := new(collector.ExportLogsServiceRequest)
	return request, proto.Unmarshal(b, request)
}

func uid(r *logs.LogRecord) string {
	for _, a := range r.Attributes {
		if a.Key == "log.record.uid" {
			return a.Value.GetStringValue()
		}
	}
	return ""
}

// rejects returns a function that rejects the records of some of [sinktest.Events].
func rejects(numbers ...int) func(*logs.LogRecord) bool {
	return func(r *logs.LogRecord) bool {
		return slices.ContainsFunc(numbers, func(n int) bool { return uid(r) == uidOf(n) })
	}
}

func uidOf(n int) string { return fmt.Sprintf("relock/relock/id-%d", n) }

func start(t *testing.T, h http.Handler, c otlp.Config) *otlp.Sink {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	c.URL = server.URL + c.URL
	sink, err := otlp.New(c)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, sink.Close()) })
	return sink
}

func TestFaults(t *testing.T) {
	sinktest.HTTP{
		New: func(s sinktest.Settings) (sinks.Sink, error) {
			sink, err := otlp.New(otlp.Config{
				URL: s.URL, Authorization: s.Authorization, CAFile: s.CAFile, Timeout: s.Timeout,
			})
			if err != nil {
				return nil, err
			}
			return sink, nil
		},
		Accept:       new(receiver).ServeHTTP,
		EmptyAccepts: true,
	}.Run(t)
}

func TestEventsAreRecords(t *testing.T) {
	c := new(receiver)
	sink := start(t, c, otlp.Config{})
	for _, err := range sink.Send(t.Context(), sinktest.Events(3)) {
		assert.NoError(t, err)
	}
	assert.Empty(t, cmp.Diff(map[string]int{uidOf(0): 1, uidOf(1): 1, uidOf(2): 1}, c.taken))
	assert.Empty(t, cmp.Diff([]int{3}, c.requests))
	assert.Equal(t, map[string]string{"service.name": "accesshook"}, c.resource)
	assert.Equal(t, "/v1/logs", c.path)
	assert.Empty(t, sink.Send(t.Context(), nil))
	assert.Len(t, c.requests, 1)
}

func TestConfig(t *testing.T) {
	c := new(receiver)
	resource := records.Resource{"service.name": "gate", "deployment.environment.name": "test"}
	sink := start(t, c, otlp.Config{
		URL: "/insert/opentelemetry/v1/logs", MaxEvents: 2, Resource: resource,
		Headers: map[string]event.Secret{"api-key": event.NewSecret("one two"), "X-Team": event.NewSecret("t")},
	})
	resource["service.name"] = "changed later"
	for _, err := range sink.Send(t.Context(), sinktest.Events(5)) {
		assert.NoError(t, err)
	}
	assert.Empty(t, cmp.Diff([]int{2, 2, 1}, c.requests))
	assert.Equal(t, "/insert/opentelemetry/v1/logs", c.path)
	assert.Equal(t, map[string]string{"service.name": "gate", "deployment.environment.name": "test"}, c.resource)
	assert.Equal(t, "one two", c.header.Get("Api-Key"))
	assert.Equal(t, "t", c.header.Get("X-Team"))

	c = new(receiver)
	for _, err := range start(t, c, otlp.Config{MaxBytes: 1}).Send(t.Context(), sinktest.Events(3)) {
		assert.NoError(t, err)
	}
	assert.Empty(t, cmp.Diff([]int{1, 1, 1}, c.requests))
}

func TestNewRefuses(t *testing.T) {
	const canary = "canary-7355608"
	masked := event.NewSecret(canary)
	require.NoError(t, masked.UnmarshalText([]byte("[redacted]")))
	headers := func(name string, value event.Secret) otlp.Config {
		return otlp.Config{URL: "https://otlp.example.com", Headers: map[string]event.Secret{name: value}}
	}
	plain := headers("Api-Key", event.NewSecret(canary))
	plain.URL = "http://otlp.example.com"
	twice := headers("api-key", event.NewSecret(canary))
	twice.Headers["API-KEY"] = event.NewSecret(canary + "2")
	for want, c := range map[string]otlp.Config{
		"MaxBytes or Config.MaxEvents is negative": {URL: "https://otlp.example.com", MaxEvents: -1},
		"MaxBytes or Config":                       {URL: "https://otlp.example.com", MaxBytes: -1},
		"Headers has a name that is none":          headers("", event.NewSecret(canary)),
		"Headers has a name":                       headers("a:"+canary, event.NewSecret(canary)),
		"Headers has a":                            headers("a\r\nb", event.NewSecret(canary)),
		"Headers has Authorization, which is set":  headers("authorization", event.NewSecret("Bearer "+canary)),
		"Headers has Content-Type, which":          headers("content-type", event.NewSecret(canary)),
		"Headers has Host, which":                  headers("HOST", event.NewSecret(canary)),
		"Headers has Api-Key twice":                twice,
		"Headers: Api-Key is empty or masked":      headers("Api-Key", masked),
		"Headers: Api-Key is empty":                headers("Api-Key", event.Secret{}),
		"Headers: Api-Key has characters":          headers("Api-Key", event.NewSecret(canary+"\r\nx: y")),
		"Headers: Api-Key has":                     headers("Api-Key", event.NewSecret(canary+"\n")),
		"Headers: Api-Key ":                        headers("Api-Key", event.NewSecret(" "+canary)),
		"Headers: Api-Key":                         headers("Api-Key", event.NewSecret(canary+"ø")),
		"URL is http: anyone on the way":           plain,
	} {
		sink, err := otlp.New(c)
		require.ErrorContains(t, err, "otlp: Config."+want)
		assert.Nil(t, sink)
		secrettest.AssertHidden(t, err, canary)
	}
	plain.URL = "https" + strings.TrimPrefix(plain.URL, "http")
	sink, err := otlp.New(plain)
	require.NoError(t, err)
	secrettest.AssertHidden(t, sink, canary)
}

// A header with a credential is in no error, whatever the server makes of it.
func TestHeadersAreNotShown(t *testing.T) {
	const canary = "canary-7355608"
	for _, status := range []int{200, 302, 400, 401, 429, 500} {
		sink := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "/"+r.Header.Get("Api-Key"))
			w.Header().Set("X-Echo", r.Header.Get("Api-Key"))
			w.WriteHeader(status)
			fmt.Fprint(w, r.Header.Get("Api-Key"))
		}), otlp.Config{Headers: map[string]event.Secret{"Api-Key": event.NewSecret(canary)}})
		for _, err := range sink.Send(t.Context(), sinktest.Events(2)) {
			require.Error(t, err)
			secrettest.AssertHidden(t, err, canary)
		}
	}
}

// What is refused is lost alone, whether the server refuses the request or says that it
// has taken the others.
func TestOneOfManyIsRefused(t *testing.T) {
	for name, status := range map[string]int{"request": http.StatusBadRequest, "too large": http.StatusRequestEntityTooLarge, "record": 0} {
		t.Run(name, func(t *testing.T) {
			c := &receiver{reject: rejects(3, 8), status: status}
			errs := start(t, c, otlp.Config{}).Send(t.Context(), sinktest.Events(10))
			require.Len(t, errs, 10)
			for i, err := range errs {
				if i != 3 && i != 8 {
					assert.NoError(t, err, i)
					assert.NotZero(t, c.taken[uidOf(i)], i)
					continue
				}
				assert.True(t, event.IsPermanent(err), i)
				assert.NotContains(t, err.Error(), "canary")
				assert.Zero(t, c.taken[uidOf(i)], i)
				if status == 0 {
					assert.ErrorContains(t, err, "rejected 1 of 1 records")
				}
			}
			if status != 0 {
				for id, n := range c.taken {
					assert.Equal(t, 1, n, id)
				}
			}
			assert.LessOrEqual(t, len(c.requests), 2*10-1)
		})
	}
}

// If all are rejected, they are known, and nothing is sent again.
func TestAllAreRejected(t *testing.T) {
	c := &receiver{reject: func(*logs.LogRecord) bool { return true }}
	errs := start(t, c, otlp.Config{}).Send(t.Context(), sinktest.Events(3))
	require.Len(t, errs, 3)
	for _, err := range errs {
		assert.True(t, event.IsPermanent(err))
		assert.ErrorContains(t, err, "rejected 3 of 3 records")
	}
	assert.Empty(t, cmp.Diff([]int{3}, c.requests))
}

// An event that cannot be encoded is lost alone.
func TestEventThatIsNone(t *testing.T) {
	c := new(receiver)
	events := append(sinktest.Events(2), nil, &event.Event{ID: "no vendor"},
		&event.Event{ID: "a", Vendor: "relock", Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)})
	errs := start(t, c, otlp.Config{}).Send(t.Context(), events)
	require.Len(t, errs, 5)
	for i, err := range errs {
		assert.Equal(t, i >= 2, event.IsPermanent(err), i)
	}
	assert.Len(t, c.taken, 2)
}

func TestAnswers(t *testing.T) {
	protobuf := func(n int64) string {
		b, err := proto.Marshal(&collector.ExportLogsServiceResponse{PartialSuccess: &collector.ExportLogsPartialSuccess{
			RejectedLogRecords: n, ErrorMessage: "a warning",
		}})
		require.NoError(t, err)
		return string(b)
	}
	const taken, permanent, again = "taken", "permanent", "again"
	for name, tt := range map[string]struct {
		status            int
		contentType, body string
		want              string
	}{
		"nothing":                {200, "", "", taken},
		"no content":             {204, "", "", taken},
		"accepted":               {202, "text/plain", "", taken},
		"a warning":              {200, "application/x-protobuf", protobuf(0), taken},
		"with a parameter":       {200, "application/x-protobuf; q=1", protobuf(0), taken},
		"of a newer version":     {200, "application/x-protobuf", "\xfa\x01\x01x", taken},
		"more than were sent":    {200, "application/x-protobuf", protobuf(99), permanent},
		"fewer than none":        {200, "application/x-protobuf", protobuf(-1), again},
		"no protobuf":            {200, "application/x-protobuf", "<html>", again},
		"JSON":                   {200, "application/json", "{}", taken},
		"JSON, a warning":        {200, "application/json; charset=utf-8", `{"partialSuccess":{"errorMessage":"a warning"}}`, taken},
		"JSON, a string":         {200, "application/json", `{"partialSuccess":{"rejectedLogRecords":"2"}}`, permanent},
		"JSON, a number":         {200, "application/json", `{"partialSuccess":{"rejectedLogRecords":2}}`, permanent},
		"JSON, none":             {200, "application/json", `{"partialSuccess":{"rejectedLogRecords":"0"}}`, taken},
		"JSON, a fraction":       {200, "application/json", `{"partialSuccess":{"rejectedLogRecords":1.5}}`, again},
		"JSON, negative":         {200, "application/json", `{"partialSuccess":{"rejectedLogRecords":-1}}`, again},
		"JSON, a word":           {200, "application/json", `{"partialSuccess":{"rejectedLogRecords":"some"}}`, again},
		"no JSON":                {200, "application/json", "{", again},
		"a page for people":      {200, "text/html", "<p>Welcome!", again},
		"no type":                {200, "", "ok", again},
		"larger than is allowed": {200, "application/json", "{}" + strings.Repeat(" ", 2<<20), again},
	} {
		t.Run(name, func(t *testing.T) {
			sink := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.Header()["Content-Type"] = nil
				if tt.contentType != "" {
					w.Header().Set("Content-Type", tt.contentType)
				}
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			}), otlp.Config{})
			errs := sink.Send(t.Context(), sinktest.Events(2))
			require.Len(t, errs, 2)
			for _, err := range errs {
				_, unavailable := event.IsUnavailable(err)
				assert.Equal(t, tt.want == taken, err == nil, "%v", err)
				assert.Equal(t, tt.want == permanent, event.IsPermanent(err), "%v", err)
				assert.Equal(t, tt.want == again, unavailable, "%v", err)
			}
		})
	}
}
