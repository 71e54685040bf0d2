package main

import (
	"fmt"
	"io"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

func withChi(hook *verify.Endpoint) http.Handler {
	r := chi.NewRouter()
	r.With(hook.Middleware).HandleFunc("/webhooks/relock", ownChi)
	return r
}

// ownChi is your handler. It sees verified requests alone.
func ownChi(w http.ResponseWriter, r *http.Request) {
	e, _ := event.FromContext(r.Context())
	body, err := io.ReadAll(r.Body) // from the start
	if err != nil {
		http.Error(w, "cannot read", http.StatusInternalServerError)
		return
	}
	fmt.Fprintf(w, "%s in %d bytes", e.Type, len(body))
}
