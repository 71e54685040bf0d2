package admin

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func newTestHealth(ready error) *Health {
	last := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	return NewHealth(func() error { return ready }, func() Details {
		return Details{Endpoints: map[string]Endpoint{
			"relock": {LastEvent: &last, Events: 3, Refused: 2, Duplicates: 1},
			"unloc":  {},
		}}
	})
}

var errDown = errors.New("the store does not answer")

func TestPublicHealth(t *testing.T) {
	for name, test := range map[string]struct {
		ready error
		path  string
		want  int
		body  string
	}{
		"alive":               {nil, "/healthz", 200, `{"status":"ok"}` + "\n"},
		"alive, but":          {errDown, "/healthz", 200, `{"status":"ok"}` + "\n"},
		"ready":               {nil, "/readyz", 200, `{"status":"ok"}` + "\n"},
		"an event is refused": {errDown, "/readyz", 503, `{"status":"not ready"}` + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			mux := http.NewServeMux()
			newTestHealth(test.ready).Register(mux)
			for method, want := range map[string]struct {
				status int
				body   string
				allow  string
			}{
				http.MethodGet:    {test.want, test.body, ""},
				http.MethodPost:   {405, "Method Not Allowed\n", "GET, HEAD"},
				http.MethodDelete: {405, "Method Not Allowed\n", "GET, HEAD"},
			} {
				w := httptest.NewRecorder()
				mux.ServeHTTP(w, httptest.NewRequest(method, test.path, nil))
				assert.Equal(t, want.status, w.Code)
				assert.Equal(t, want.body, w.Body.String())
				assert.Equal(t, want.allow, w.Header().Get("Allow"))
				if method == http.MethodGet {
					assert.Equal(t, "application/json", w.Header().Get("Content-Type"))
					assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
				}
			}
		})
	}
}

func TestHealthDetails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		get := func(h *Health) string {
			time.Sleep(1500 * time.Millisecond)
			w := httptest.NewRecorder()
			h.serveDetails(w, httptest.NewRequest(http.MethodGet, "/healthz", nil))
			assert.Equal(t, 200, w.Code)
			return w.Body.String()
		}
		assert.JSONEq(t, `{"status":"ok","time":"2000-01-01T00:00:01.5Z","uptime":1.5,"endpoints":{
			"relock":{"lastEvent":"2026-11-29T12:00:00Z","events":3,"refused":2,"duplicates":1},
			"unloc":{"lastEvent":null,"events":0,"refused":0,"duplicates":0}}}`, get(newTestHealth(nil)))

		h := newTestHealth(errDown)
		h.details = func() Details {
			return Details{
				Endpoints: map[string]Endpoint{},
				Queue:     &Queue{Depth: 1, Bytes: 2, Oldest: 3},
				Store:     &Store{Up: true, Events: 4, Bytes: 5, MaxBytes: 6, Fullest: .5, DeadLetters: 7, Consumers: map[string]Consumer{"default": {8, 9, 10}}},
			}
		}
		assert.JSONEq(t, `{"status":"not ready","reason":"the store does not answer","time":"2000-01-01T00:00:03Z","uptime":1.5,"endpoints":{},
			"queue":{"depth":1,"bytes":2,"oldest":3},
			"store":{"up":true,"events":4,"bytes":5,"maxBytes":6,"fullest":0.5,"deadLetters":7,"consumers":{"default":{"pending":8,"active":9,"repeated":10}}}}`, get(h))
	})
}

// Where the admin paths are, their clients see the details, and readiness is as public
// as elsewhere.
func TestHealthBesideTheAdminPaths(t *testing.T) {
	f := serve(t, nil)
	_, body := f.get("/healthz", "", "")
	var details Details
	require.NoError(t, json.Unmarshal([]byte(body), &details))
	assert.EqualValues(t, 3, details.Endpoints["relock"].Events)
	for _, host := range []string{"", "evil.example"} {
		status, body := f.get("/readyz", "Host", host)
		assert.Equal(t, 200, status)
		assert.JSONEq(t, `{"status":"ok"}`, body)
	}
}
