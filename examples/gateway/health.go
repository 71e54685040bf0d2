package main

import (
	"encoding/json"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// health tells whether the gateway takes requests.
type health struct {
	stopping  atomic.Bool
	started   time.Time
	receivers []*receiver
	pipeline  *pipeline
}

func newHealth(receivers []*receiver, p *pipeline) *health {
	return &health{started: time.Now(), receivers: receivers, pipeline: p}
}

func (h *health) status() (code int, text string) {
	if h.stopping.Load() {
		return http.StatusServiceUnavailable, "stopping"
	}
	return http.StatusOK, "ok"
}

// servePublic tells nothing but the status, because everybody may ask.
func (h *health) servePublic(w http.ResponseWriter, _ *http.Request) {
	code, text := h.status()
	writeHealth(w, code, `{"status":"`+text+`"}`)
}

type healthDetails struct {
	Status    string                     `json:"status"`
	Time      time.Time                  `json:"time"`
	Uptime    float64                    `json:"uptime"` // in seconds
	Endpoints map[string]endpointDetails `json:"endpoints"`
	Queue     *queueDetails              `json:"queue,omitempty"` // nil if there is none
}

type endpointDetails struct {
	LastEvent *time.Time `json:"lastEvent"` // null if none has come
}

type queueDetails struct {
	Depth  int     `json:"depth"`  // events that wait
	Bytes  int64   `json:"bytes"`  // of their bodies
	Oldest float64 `json:"oldest"` // for how long the first of them has waited, in seconds
}

// serveAdmin tells the rest as well.
func (h *health) serveAdmin(w http.ResponseWriter, _ *http.Request) {
	code, text := h.status()
	now := time.Now()
	details := healthDetails{
		Status:    text,
		Time:      now.UTC(),
		Uptime:    now.Sub(h.started).Round(time.Millisecond).Seconds(),
		Endpoints: make(map[string]endpointDetails),
	}
	for _, r := range h.receivers {
		details.Endpoints[r.Source()] = endpointDetails{r.metrics.last.Load()}
	}
	if q := h.pipeline.queue; q != nil {
		details.Queue = &queueDetails{Depth: q.Len(), Bytes: q.Bytes(), Oldest: q.Oldest().Round(time.Millisecond).Seconds()}
	}
	body, err := json.Marshal(details)
	if err != nil {
		code, body = http.StatusInternalServerError, []byte(`{"status":"unknown"}`)
	}
	writeHealth(w, code, string(body))
}

func writeHealth(w http.ResponseWriter, code int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = io.WriteString(w, body)
}
