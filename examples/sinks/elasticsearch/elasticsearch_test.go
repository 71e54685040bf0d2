package elasticsearch_test

import (
	"bufio"
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
	"github.com/accesshook/accesshook/examples/sinks/elasticsearch"
	"github.com/accesshook/accesshook/examples/sinks/internal/sinktest"
)

// A cluster takes bulk requests.
type cluster struct {
	// judge returns the answer for one document, or nothing for 201. Nil: 201.
	judge func(id string, document map[string]any) string
	// refuse answers a whole request, if it returns a status.
	refuse func(body string) int

	mu        sync.Mutex
	documents map[string]map[string]any // by _id
	indices   []string
	requests  []int // documents in each
}

func (c *cluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil || r.Header.Get("Content-Type") != "application/x-ndjson" || r.Method != http.MethodPost {
		w.WriteHeader(http.StatusNotAcceptable)
		return
	}
	if c.refuse != nil {
		if status := c.refuse(string(body)); status != 0 {
			w.WriteHeader(status)
			return
		}
	}
	var items []string
	for lines := bufio.NewScanner(strings.NewReader(string(body))); lines.Scan(); {
		var action struct {
			Create struct {
				Index string `json:"_index"`
				ID    string `json:"_id"`
			} `json:"create"`
		}
		var document map[string]any
		if json.Unmarshal(lines.Bytes(), &action) != nil || !lines.Scan() || json.Unmarshal(lines.Bytes(), &document) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		id := action.Create.ID
		result := ""
		if c.judge != nil {
			result = c.judge(id, document)
		}
		if _, ok := c.documents[id]; ok && result == "" {
			result = `{"status":409,"error":{"type":"version_conflict_engine_exception","reason":"document already exists"}}`
		}
		if result == "" {
			if c.documents == nil {
				c.documents = make(map[string]map[string]any)
			}
			c.documents[id] = document
			c.indices = append(c.indices, action.Create.Index)
			result = `{"_id":"` + id + `","status":201}`
		}
		items = append(items, `{"create":`+result+`}`)
	}
	c.requests = append(c.requests, len(items))
	fmt.Fprintf(w, `{"took":1,"errors":true,"items":[%s]}`, strings.Join(items, ","))
}

// encode writes the ID of an event and one field.
func encode(dst []byte, e *event.Event) ([]byte, error) {
	return fmt.Appendf(dst, `{"n":%q,"source":{"ip":"x"}}`, e.ID), nil
}

func start(t *testing.T, h http.Handler, c elasticsearch.Config) *elasticsearch.Sink {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	c.URL = server.URL + c.URL
	if c.Encode == nil {
		c.Encode = encode
	}
	sink, err := elasticsearch.New(c)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, sink.Close()) })
	return sink
}

func TestFaults(t *testing.T) {
	sinktest.HTTP{
		New: func(s sinktest.Settings) (sinks.Sink, error) {
			sink, err := elasticsearch.New(elasticsearch.Config{
				URL: s.URL, Authorization: s.Authorization, CAFile: s.CAFile, Timeout: s.Timeout,
			})
			if err != nil {
				return nil, err
			}
			return sink, nil
		},
		Accept: new(cluster).ServeHTTP,
	}.Run(t)
}

func TestEventsAreDocuments(t *testing.T) {
	c := new(cluster)
	sink := start(t, c, elasticsearch.Config{})
	for _, err := range sink.Send(t.Context(), sinktest.Events(3)) {
		assert.NoError(t, err)
	}
	var ids []string
	for _, document := range c.documents {
		ids = append(ids, document["n"].(string))
	}
	assert.ElementsMatch(t, []string{"id-0", "id-1", "id-2"}, ids)
	assert.Empty(t, cmp.Diff([]string{"logs-accesshook-default", "logs-accesshook-default", "logs-accesshook-default"}, c.indices))
	assert.Empty(t, cmp.Diff([]int{3}, c.requests))
	assert.Empty(t, sink.Send(t.Context(), nil))
	assert.Len(t, c.requests, 1)
}

// Two deliveries of an event are one document, and two events never are.
func TestRepeatedDelivery(t *testing.T) {
	c := new(cluster)
	sink := start(t, c, elasticsearch.Config{Index: "identität"})
	events := []*event.Event{
		{Vendor: "relock", Source: "relock", ID: "1"},
		{Vendor: "relock", Source: "other", ID: "1"},
		{Vendor: "unloc", Source: "other", ID: "1"},
		{Vendor: "relock", Source: "relock", ID: "2"},
		{Vendor: "relock", Source: "relock", ID: strings.Repeat("long", 1000)},
		{Vendor: "relock", Source: "relock", ID: "\"\n"},
	}
	for range 2 {
		for _, err := range sink.Send(t.Context(), events) {
			assert.NoError(t, err)
		}
	}
	assert.Len(t, c.documents, len(events))
	assert.Contains(t, c.documents, "-SM_1VS1qJbOaPkG9hOhZ_4wTOlFdGNawXl0uQnmKpY", "an ID stays the same for ever")
	assert.Equal(t, "identität", c.indices[0])
	for id := range c.documents {
		assert.LessOrEqual(t, len(id), 512, "the limit of Elasticsearch")
	}
}

// One document that is refused is lost alone, and one that is busy is sent again alone.
func TestEachDocumentHasItsOwnResult(t *testing.T) {
	const reason = `[1:60] failed to parse field [source.ip] of type [ip] in document with id 'x'. Preview of field's value: 'canary'`
	for name, test := range map[string]struct {
		result      string
		want        string
		permanent   bool
		unavailable bool
	}{
		"does not fit": {
			result: `{"status":400,"error":{"type":"document_parsing_exception","reason":"` + reason + `","caused_by":{"reason":"canary"}}}`,
			want:   "400 Bad Request (document_parsing_exception, field source.ip)", permanent: true,
		},
		"field that was not sent": {
			result: `{"status":400,"error":{"type":"canary","reason":"field [source.canary] and so on"}}`,
			want:   "400 Bad Request", permanent: true,
		},
		"busy":          {result: `{"status":429,"error":{"type":"es_rejected_execution_exception","reason":"canary"}}`, want: "429 Too Many Requests (es_rejected_execution_exception)", unavailable: true},
		"shard is away": {result: `{"status":503,"error":{"type":"unavailable_shards_exception"}}`, want: "503 Service Unavailable (unavailable_shards_exception)", unavailable: true},
		"fails":         {result: `{"status":500}`, want: "500 Internal Server Error"},
		"no such index": {result: `{"status":404,"error":{"type":"index_not_found_exception"}}`, want: "404 Not Found (index_not_found_exception): check the URL", unavailable: true},
		"not allowed":   {result: `{"status":403,"error":{"type":"security_exception"}}`, want: "403 Forbidden (security_exception): check the credential", unavailable: true},
		"no status":     {result: `{}`, want: "did not answer as expected", unavailable: true},
	} {
		t.Run(name, func(t *testing.T) {
			c := &cluster{judge: func(_ string, document map[string]any) string {
				if document["n"] == "id-1" {
					return test.result
				}
				return ""
			}}
			sink := start(t, c, elasticsearch.Config{})
			errs := sink.Send(t.Context(), sinktest.Events(3))
			require.Len(t, errs, 3)
			assert.NoError(t, errs[0])
			assert.NoError(t, errs[2])
			require.Error(t, errs[1])
			assert.True(t, strings.HasSuffix(errs[1].Error(), test.want), errs[1])
			assert.Equal(t, test.permanent, event.IsPermanent(errs[1]))
			_, unavailable := event.IsUnavailable(errs[1])
			assert.Equal(t, test.unavailable, unavailable)
			assert.NotContains(t, errs[1].Error(), "canary")
			assert.Len(t, c.documents, 2)
		})
	}
}

func TestAnswers(t *testing.T) {
	for name, test := range map[string]struct {
		answer string
		taken  bool
	}{
		"VictoriaLogs":         {`{"took":3,"errors":false}`, true},
		"items":                {`{"took":3,"errors":false,"items":[{"create":{"status":201}},{"create":{"status":201}}]}`, true},
		"errors without items": {`{"took":3,"errors":true}`, false},
		"too few items":        {`{"took":3,"errors":false,"items":[{"create":{"status":201}}]}`, false},
		"too many items":       {`{"errors":false,"items":[{"create":{"status":201}},{"create":{"status":201}},{"create":{"status":201}}]}`, false},
		"no items":             {`{"took":3,"errors":false,"items":[]}`, false},
		"another action":       {`{"errors":false,"items":[{"index":{"status":201}},{"index":{"status":201}}]}`, false},
		"nothing":              {`{}`, false},
		"no object":            {`null`, false},
		"another kind":         {`{"errors":"no"}`, false},
		"cut":                  {`{"took":3,"errors":false`, false},
		"larger than allowed":  {`{"took":3,"errors":false}` + strings.Repeat(" ", 16<<20), false},
	} {
		t.Run(name, func(t *testing.T) {
			sink := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				_, _ = io.WriteString(w, test.answer)
			}), elasticsearch.Config{})
			errs := sink.Send(t.Context(), sinktest.Events(2))
			require.Len(t, errs, 2)
			for _, err := range errs {
				if test.taken {
					assert.NoError(t, err)
					continue
				}
				_, unavailable := event.IsUnavailable(err)
				assert.True(t, unavailable, "to be sent again: %v", err)
			}
		})
	}
}

// A request that is refused as a whole is halved until what is refused stands alone.
func TestRefusedRequestsAreHalved(t *testing.T) {
	for _, status := range []int{400, 413} {
		c := &cluster{refuse: func(body string) int {
			if strings.Contains(body, `"id-5"`) || strings.Count(body, "\n") > 6 {
				return status
			}
			return 0
		}}
		sink := start(t, c, elasticsearch.Config{})
		for i, err := range sink.Send(t.Context(), sinktest.Events(11)) {
			if i == 5 {
				assert.True(t, event.IsPermanent(err), err)
				continue
			}
			assert.NoError(t, err)
		}
		assert.Len(t, c.documents, 10)
	}
}

func TestRequestsAreBounded(t *testing.T) {
	line, err := encode(nil, sinktest.Events(1)[0])
	require.NoError(t, err)
	size := len(line) + len("\n") + len(`{"create":{"_index":"logs-accesshook-default","_id":"-SM_1VS1qJbOaPkG9hOhZ_4wTOlFdGNawXl0uQnmKpY"}}`+"\n")
	for _, test := range []struct {
		c    elasticsearch.Config
		want []int
	}{
		{elasticsearch.Config{MaxEvents: 4}, []int{4, 4, 1}},
		{elasticsearch.Config{MaxBytes: 3 * size}, []int{3, 3, 3}},
		{elasticsearch.Config{MaxBytes: 3*size - 1}, []int{2, 2, 2, 2, 1}},
		{elasticsearch.Config{MaxBytes: 1}, []int{1, 1, 1, 1, 1, 1, 1, 1, 1}},
	} {
		c := new(cluster)
		for _, err := range start(t, c, test.c).Send(t.Context(), sinktest.Events(9)) {
			assert.NoError(t, err)
		}
		assert.Empty(t, cmp.Diff(test.want, c.requests))
	}
	for _, c := range []elasticsearch.Config{{MaxBytes: -1}, {MaxEvents: -1}} {
		c.URL = "https://search.example.com"
		_, err := elasticsearch.New(c)
		assert.ErrorContains(t, err, "Config.MaxBytes or Config.MaxEvents is negative")
	}
}

// A server that does not answer is not asked again for the rest of the events.
func TestServerIsDown(t *testing.T) {
	requests := 0
	sink := start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests++
		w.Header().Set("Retry-After", "20")
		w.WriteHeader(http.StatusServiceUnavailable)
	}), elasticsearch.Config{MaxEvents: 2})
	errs := sink.Send(t.Context(), sinktest.Events(6))
	require.Len(t, errs, 6)
	for _, err := range errs {
		retryAfter, _ := event.IsUnavailable(err)
		assert.Equal(t, 20*time.Second, retryAfter)
	}
	assert.Equal(t, 1, requests)
}

// An event that cannot be encoded is refused alone.
func TestEncodingFails(t *testing.T) {
	c := new(cluster)
	sink := start(t, c, elasticsearch.Config{Encode: func(dst []byte, e *event.Event) ([]byte, error) {
		if e.ID == "id-1" {
			return append(dst, "half"...), fmt.Errorf("cannot be encoded")
		}
		return encode(dst, e)
	}})
	errs := sink.Send(t.Context(), sinktest.Events(3))
	assert.NoError(t, errs[0])
	assert.NoError(t, errs[2])
	assert.True(t, event.IsPermanent(errs[1]))
	assert.ErrorContains(t, errs[1], "cannot be encoded")
	assert.Len(t, c.documents, 2)
}

func TestURL(t *testing.T) {
	for url, want := range map[string]string{
		"":             "/_bulk",
		"/":            "/_bulk",
		"/_bulk":       "/_bulk",
		"/prefix":      "/prefix/_bulk",
		"/prefix/":     "/prefix/_bulk",
		"/a%2Fb/_bulk": "/a%2Fb/_bulk",
		"/insert/elasticsearch/_bulk?_time_field=@timestamp&_msg_field=message": "/insert/elasticsearch/_bulk?_time_field=@timestamp&_msg_field=message",
		"/insert/elasticsearch?pipeline=x":                                      "/insert/elasticsearch/_bulk?pipeline=x",
	} {
		got := ""
		sink := start(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.RequestURI }), elasticsearch.Config{URL: url})
		sink.Send(t.Context(), sinktest.Events(1))
		assert.Equal(t, want, got)
	}
}

// A name that Elasticsearch refuses for each event is refused at once.
func TestIndex(t *testing.T) {
	for _, index := range []string{"Logs", "-logs", "_logs", "+logs", ".", "..", "a b", "a,b", "a/b", `a\b`, `a"b`, "a*", "a:b", "a#b", strings.Repeat("x", 256)} {
		_, err := elasticsearch.New(elasticsearch.Config{URL: "https://search.example.com", Index: index})
		assert.EqualError(t, err, "elasticsearch: Config.Index is no name of an index or a data stream")
	}
	for _, index := range []string{"logs-accesshook.relock-default", ".hidden", strings.Repeat("x", 255)} {
		_, err := elasticsearch.New(elasticsearch.Config{URL: "https://search.example.com", Index: index})
		assert.NoError(t, err)
	}
}

// The sink is what sinks.Handler takes.
func TestHandler(t *testing.T) {
	c := new(cluster)
	h := sinks.Handler(start(t, c, elasticsearch.Config{}), sinks.Config{})
	var wg sync.WaitGroup
	for _, e := range sinktest.Events(50) {
		wg.Go(func() { assert.NoError(t, h.HandleEvent(context.Background(), e)) })
	}
	wg.Wait()
	assert.Len(t, c.documents, 50)
}
