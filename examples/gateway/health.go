package main

import (
	"encoding/json"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// health serves /healthz.
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

// servePublic answers with the status alone, since anyone can ask.
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
	Store     *storeDetails              `json:"store,omitempty"` // nil if there is none
}

type endpointDetails struct {
	LastEvent *time.Time `json:"lastEvent"` // null before the first
}

type queueDetails struct {
	Depth  int     `json:"depth"`  // events that wait
	Bytes  int64   `json:"bytes"`  // of their bodies
	Oldest float64 `json:"oldest"` // how long the oldest has waited, in seconds
}

type storeDetails struct {
	Up          bool                       `json:"up"`       // false: it does not answer, the rest is unknown
	Events      uint64                     `json:"events"`   // including handled ones that are kept
	Bytes       uint64                     `json:"bytes"`    // of the events
	MaxBytes    uint64                     `json:"maxBytes"` // limit of Bytes
	Fullest     float64                    `json:"fullest"`  // how full the fullest shard is, 0 to 1
	DeadLetters uint64                     `json:"deadLetters"`
	Consumers   map[string]consumerDetails `json:"consumers,omitempty"`
}

type consumerDetails struct {
	Pending  uint64 `json:"pending"`  // events that have had no attempt
	Active   int    `json:"active"`   // events that are being handled, or wait for another attempt
	Repeated int    `json:"repeated"` // of the active, those with more than one attempt
}

func (s *store) details() *storeDetails {
	stats, err := s.counts.state.get()
	if err != nil {
		return new(storeDetails)
	}
	d := &storeDetails{
		Up: true, Events: stats.Events, Bytes: stats.Bytes, MaxBytes: stats.MaxBytes,
		Fullest: stats.Fullest, DeadLetters: stats.Dead, Consumers: make(map[string]consumerDetails),
	}
	for name, c := range stats.Consumers {
		d.Consumers[name] = consumerDetails{c.Pending, c.Active, c.Repeated}
	}
	return d
}

// serveAdmin answers with the status and the details.
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
		details.Endpoints[r.Source()] = endpointDetails{r.metrics.lastReceived()}
	}
	if q := h.pipeline.queue; q != nil {
		details.Queue = &queueDetails{Depth: q.Len(), Bytes: q.Bytes(), Oldest: q.Oldest().Round(time.Millisecond).Seconds()}
	}
	if s := h.pipeline.store; s != nil {
		details.Store = s.details()
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
