package forward_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/examples/sinks"
	"github.com/accesshook/accesshook/examples/sinks/forward"
	"github.com/accesshook/accesshook/examples/sinks/internal/sinktest"
)

var modes = map[string]forward.Mode{"structured": forward.Structured, "binary": forward.Binary, "batched": forward.Batched}

// payloads reads events without one.
var payloads = cloudevent.Payloads{"relock": func([]byte) (*event.Event, error) { return new(event.Event), nil }}

// read returns the events of a request of any mode.
func read(r *http.Request) ([]*event.Event, error) {
	if r.Header.Get("Content-Type") != "application/cloudevents-batch+json" {
		e, err := cloudevent.DecodeRequest(r, payloads)
		return []*event.Event{e}, err
	}
	var batch []json.RawMessage
	if err := json.NewDecoder(r.Body).Decode(&batch); err != nil {
		return nil, err
	}
	var events []*event.Event
	for _, one := range batch {
		e, err := cloudevent.Decode(one, payloads)
		if err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	return events, nil
}

// A service takes events.
type service struct {
	// refuse returns a status for a request, or 0.
	refuse   func(ids []string) int
	requests [][]string // IDs that were taken
	events   []*event.Event
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	events, err := read(r)
	if err != nil || r.Method != http.MethodPost {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, err.Error())
		return
	}
	var ids []string
	for _, e := range events {
		ids = append(ids, e.ID)
	}
	if s.refuse != nil {
		if status := s.refuse(ids); status != 0 {
			w.WriteHeader(status)
			return
		}
	}
	s.requests, s.events = append(s.requests, ids), append(s.events, events...)
	w.WriteHeader(http.StatusNoContent)
}

func start(t *testing.T, h http.Handler, c forward.Config) *forward.Sink {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	c.URL = server.URL + c.URL
	sink, err := forward.New(c)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, sink.Close()) })
	return sink
}

func TestFaults(t *testing.T) {
	for name, mode := range modes {
		t.Run(name, func(t *testing.T) {
			sinktest.HTTP{
				New: func(s sinktest.Settings) (sinks.Sink, error) {
					sink, err := forward.New(forward.Config{
						URL: s.URL, Authorization: s.Authorization, CAFile: s.CAFile, InsecureHTTP: s.InsecureHTTP, Timeout: s.Timeout, Mode: mode,
					})
					if err != nil {
						return nil, err
					}
					return sink, nil
				},
				Accept:        new(service).ServeHTTP,
				StatusDecides: true,
			}.Run(t)
		})
	}
}

func TestModes(t *testing.T) {
	for name, want := range map[string][][]string{
		"structured": {{"id-0"}, {"id-1"}, {"id-2"}},
		"binary":     {{"id-0"}, {"id-1"}, {"id-2"}},
		"batched":    {{"id-0", "id-1", "id-2"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := new(service)
			sink := start(t, s, forward.Config{Mode: modes[name]})
			events := sinktest.Events(3)
			for _, err := range sink.Send(t.Context(), events) {
				require.NoError(t, err)
			}
			assert.Empty(t, cmp.Diff(want, s.requests))
			for i, e := range s.events {
				assert.Equal(t, events[i].User, e.User)
				assert.True(t, events[i].Time.Equal(e.Time))
			}
		})
	}
}

// An event that the service refuses for good is lost alone, in every mode.
func TestOneEventIsRefused(t *testing.T) {
	for name, mode := range modes {
		for _, status := range []int{400, 413, 422} {
			t.Run(name, func(t *testing.T) {
				s := &service{refuse: func(ids []string) int {
					if strings.Contains(strings.Join(ids, " "), "id-2") {
						return status
					}
					return 0
				}}
				for i, err := range start(t, s, forward.Config{Mode: mode}).Send(t.Context(), sinktest.Events(5)) {
					if i == 2 {
						assert.True(t, event.IsPermanent(err))
						continue
					}
					assert.NoError(t, err)
				}
				assert.Len(t, s.events, 4)
			})
		}
	}
}

// An event that the service fails on does not hold up the others; a service that is down
// is not asked for each of them.
func TestServiceFails(t *testing.T) {
	for status, want := range map[int]int{500: 5, 503: 1, 401: 1} {
		for _, mode := range []forward.Mode{forward.Structured, forward.Binary} {
			asked := 0
			s := &service{refuse: func([]string) int { asked++; return status }}
			for _, err := range start(t, s, forward.Config{Mode: mode}).Send(t.Context(), sinktest.Events(5)) {
				assert.Error(t, err)
				assert.False(t, event.IsPermanent(err))
			}
			assert.Equal(t, want, asked, status)
		}
	}
}

// An event that cannot be encoded does not move the headers of the others.
func TestEncodingFails(t *testing.T) {
	for name, mode := range modes {
		t.Run(name, func(t *testing.T) {
			s := new(service)
			events := sinktest.Events(4)
			events[0].Vendor, events[2].Vendor = "", ""
			for i, err := range start(t, s, forward.Config{Mode: mode}).Send(t.Context(), events) {
				assert.Equal(t, i%2 == 0, event.IsPermanent(err), err)
			}
			require.Len(t, s.events, 2)
			for i, e := range s.events {
				assert.Equal(t, events[2*i+1].ID, e.ID)
				assert.Equal(t, events[2*i+1].User, e.User)
			}
		})
	}
}

func TestURLIsKept(t *testing.T) {
	for _, url := range []string{"/", "/in", "/in/", "/a%2Fb//c?token=x&y", "/?"} {
		got := ""
		sink := start(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.RequestURI }), forward.Config{URL: url})
		for _, err := range sink.Send(t.Context(), sinktest.Events(1)) {
			assert.NoError(t, err)
		}
		assert.Equal(t, url, got)
	}
}

func TestBatchesAreBounded(t *testing.T) {
	s := new(service)
	for _, err := range start(t, s, forward.Config{Mode: forward.Batched, MaxEvents: 2}).Send(t.Context(), sinktest.Events(5)) {
		assert.NoError(t, err)
	}
	assert.Empty(t, cmp.Diff([][]string{{"id-0", "id-1"}, {"id-2", "id-3"}, {"id-4"}}, s.requests))
	for _, test := range []struct {
		c    forward.Config
		want string
	}{
		{forward.Config{Mode: -1}, "Config.Mode is not one of this package"},
		{forward.Config{Mode: 3}, "Config.Mode is not one of this package"},
		{forward.Config{MaxBytes: -1}, "Config.MaxBytes or Config.MaxEvents is negative"},
		{forward.Config{MaxEvents: 7}, "Config.MaxBytes and Config.MaxEvents have no effect without the mode Batched"},
	} {
		test.c.URL = "https://events.example.com"
		_, err := forward.New(test.c)
		assert.EqualError(t, err, "forward: "+test.want)
	}
}
