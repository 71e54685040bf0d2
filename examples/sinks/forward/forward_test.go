package forward_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/examples/sinks"
	"github.com/accesshook/accesshook/examples/sinks/forward"
	"github.com/accesshook/accesshook/examples/sinks/internal/sinktest"
)

// payloads reads events without one.
var payloads = cloudevent.Payloads{"relock": func([]byte) (*event.Event, error) { return new(event.Event), nil }}

// A service takes events.
type service struct {
	// refuse returns a status for an event, or 0.
	refuse func(id string) int
	events []*event.Event
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e, err := cloudevent.DecodeRequest(r, payloads)
	if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != cloudevent.ContentType {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if s.refuse != nil {
		if status := s.refuse(e.ID); status != 0 {
			w.WriteHeader(status)
			return
		}
	}
	s.events = append(s.events, e)
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
	sinktest.HTTP{
		New: func(s sinktest.Settings) (sinks.Sink, error) {
			sink, err := forward.New(forward.Config{
				URL: s.URL, Authorization: s.Authorization, CAFile: s.CAFile, Timeout: s.Timeout,
			})
			if err != nil {
				return nil, err
			}
			return sink, nil
		},
		Accept:        new(service).ServeHTTP,
		StatusDecides: true,
	}.Run(t)
}

func TestEventsArrive(t *testing.T) {
	s := new(service)
	events := sinktest.Events(3)
	for _, err := range start(t, s, forward.Config{}).Send(t.Context(), events) {
		require.NoError(t, err)
	}
	require.Len(t, s.events, 3)
	for i, e := range s.events {
		assert.Equal(t, events[i].ID, e.ID)
		assert.Equal(t, events[i].User, e.User)
		assert.True(t, events[i].Time.Equal(e.Time))
	}
}

// An event that the service refuses for good, or that cannot be encoded, is lost alone.
func TestOneEventIsRefused(t *testing.T) {
	for _, status := range []int{400, 413, 422} {
		s := &service{refuse: func(id string) int {
			if id == "id-2" {
				return status
			}
			return 0
		}}
		events := sinktest.Events(5)
		events[0].Vendor = ""
		for i, err := range start(t, s, forward.Config{}).Send(t.Context(), events) {
			if i == 0 || i == 2 {
				assert.True(t, event.IsPermanent(err))
				continue
			}
			assert.NoError(t, err)
		}
		assert.Len(t, s.events, 3)
	}
}

// An event that the service fails on does not hold up the others; a service that is down
// is not asked for each of them.
func TestServiceFails(t *testing.T) {
	for status, want := range map[int]int{500: 5, 503: 1, 401: 1} {
		asked := 0
		s := &service{refuse: func(string) int { asked++; return status }}
		for _, err := range start(t, s, forward.Config{}).Send(t.Context(), sinktest.Events(5)) {
			assert.Error(t, err)
			assert.False(t, event.IsPermanent(err))
		}
		assert.Equal(t, want, asked, status)
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
