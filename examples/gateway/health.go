package main

import (
	"io"
	"net/http"
	"sync/atomic"
)

// health tells whoever runs the gateway whether it takes requests. It tells
// nothing else, because everybody may ask.
type health struct {
	stopping atomic.Bool
}

func (h *health) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	status, body := http.StatusOK, `{"status":"ok"}`
	if h.stopping.Load() {
		status, body = http.StatusServiceUnavailable, `{"status":"stopping"}`
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}
