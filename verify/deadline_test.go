package verify_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

// A deadlineRecorder keeps the deadlines that are set, as times from its start.
type deadlineRecorder struct {
	*httptest.ResponseRecorder
	start time.Time
	set   []time.Duration
}

func (w *deadlineRecorder) SetReadDeadline(t time.Time) error {
	if t.IsZero() {
		w.set = append(w.set, 0)
	} else {
		w.set = append(w.set, t.Sub(w.start))
	}
	return nil
}

// A body has BodyTimeout from the end of the header on, or the server's own
// ReadTimeout if that is less, also if it is not wanted.
func TestBodyDeadline(t *testing.T) {
	for name, c := range map[string]struct {
		timeout, servers, want time.Duration
	}{
		"default":          {0, 0, verify.DefaultBodyTimeout},
		"own":              {3 * time.Second, 0, 3 * time.Second},
		"server's shorter": {3 * time.Second, 2 * time.Second, 2 * time.Second},
		"server's longer":  {3 * time.Second, 4 * time.Second, 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				handler := newEndpoint(t, verify.Config{BodyTimeout: c.timeout}).Handler(event.NewMux())
				for method, want := range map[string][]time.Duration{
					http.MethodPost: {c.want, 0}, // and taken back
					http.MethodGet:  {c.want},
				} {
					r := signed(t, "http://localhost/", "{}")
					r.Method = method
					if c.servers != 0 {
						r = r.WithContext(context.WithValue(r.Context(), http.ServerContextKey, &http.Server{ReadTimeout: c.servers}))
					}
					w := &deadlineRecorder{ResponseRecorder: httptest.NewRecorder(), start: time.Now()}
					handler.ServeHTTP(w, r)
					assert.Equal(t, want, w.set, method)
				}
			})
		})
	}
}
