package admin

import (
	"net/http"
	"time"
)

// A Health answers /healthz and /readyz.
type Health struct {
	ready   func() error
	details func() Details
	started time.Time
}

// NewHealth returns a Health of a program that starts now.
//
// ready returns why an event could not be taken now, such as a full queue, or nil.
// Operators see the error, so it contains no secret. Anyone can cause calls of ready, so
// it does not wait for anything. Operators cause those of details.
func NewHealth(ready func() error, details func() Details) *Health {
	return &Health{ready: ready, details: details, started: time.Now()}
}

// Details are what operators see of a program's state.
type Details struct {
	Endpoints map[string]Endpoint `json:"endpoints"`       // by name
	Queue     *Queue              `json:"queue,omitempty"` // nil if there is none
	Store     *Store              `json:"store,omitempty"` // nil if there is none
}

// An Endpoint is the state of an endpoint. It counts since the start.
type Endpoint struct {
	LastEvent  *time.Time `json:"lastEvent"`  // null before the first
	Events     uint64     `json:"events"`     // that were accepted
	Refused    uint64     `json:"refused"`    // requests
	Duplicates uint64     `json:"duplicates"` // events that had come before
}

// A Queue is the state of the queue of events that were answered.
type Queue struct {
	Depth  int     `json:"depth"`  // events that wait
	Bytes  int64   `json:"bytes"`  // of their bodies
	Oldest float64 `json:"oldest"` // how long the oldest has waited, in seconds
}

// A Store is the state of the store.
type Store struct {
	Up          bool                `json:"up"`       // false: it does not answer, the rest is unknown
	Events      uint64              `json:"events"`   // including handled ones that are kept
	Bytes       uint64              `json:"bytes"`    // of the events
	MaxBytes    uint64              `json:"maxBytes"` // limit of Bytes
	Fullest     float64             `json:"fullest"`  // how full the fullest shard is, 0 to 1
	DeadLetters uint64              `json:"deadLetters"`
	Consumers   map[string]Consumer `json:"consumers,omitempty"` // by name
}

// A Consumer is the state of a consumer of a store.
type Consumer struct {
	Pending  uint64 `json:"pending"`  // events that have had no attempt
	Active   int    `json:"active"`   // events that are being handled, or wait for another attempt
	Repeated int    `json:"repeated"` // of the active, those with more than one attempt
}

// Register adds to mux what anyone may see: /healthz and /readyz, with a status alone.
// /healthz says that the program runs, whether or not it can take events: starting it
// again would not help.
func (h *Health) Register(mux *http.ServeMux) {
	mux.HandleFunc("GET /healthz", serveOK)
	mux.HandleFunc("GET /readyz", h.serveReady)
}

// register adds the same, and on /healthz the details for requests that may see them. A
// client that sends no password where one is required, such as a load balancer, gets the
// status alone.
func (h *Health) register(mux *http.ServeMux, s *Side) {
	details := s.Guard(http.HandlerFunc(h.serveDetails))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {
		if refused, _ := s.refuses(r); refused != 0 || s.login != nil && r.Header["Authorization"] == nil {
			serveOK(w, r)
			return
		}
		details.ServeHTTP(w, r)
	})
	mux.HandleFunc("GET /readyz", h.serveReady)
}

type status struct {
	Status string `json:"status"`
}

func serveOK(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, status{"ok"}) }

func (h *Health) serveReady(w http.ResponseWriter, r *http.Request) {
	if h.ready() != nil {
		writeJSON(w, http.StatusServiceUnavailable, status{"not ready"})
		return
	}
	serveOK(w, r)
}

func (h *Health) serveDetails(w http.ResponseWriter, _ *http.Request) {
	now := time.Now()
	answer := struct {
		Status string    `json:"status"`
		Reason string    `json:"reason,omitempty"` // why it is not ready
		Time   time.Time `json:"time"`
		Uptime float64   `json:"uptime"` // in seconds
		Details
	}{"ok", "", now.UTC(), now.Sub(h.started).Round(time.Millisecond).Seconds(), h.details()}
	if err := h.ready(); err != nil {
		answer.Status, answer.Reason = "not ready", err.Error()
	}
	writeJSON(w, http.StatusOK, answer)
}
