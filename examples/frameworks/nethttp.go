package main

import (
	"fmt"
	"io"
	"net/http"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

func withNetHTTP(hook *verify.Endpoint) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/webhooks/relock", hook.Middleware(http.HandlerFunc(ownHTTP))) // no method: it answers 405 itself
	return mux
}

// ownHTTP is your handler. It sees verified requests alone.
func ownHTTP(w http.ResponseWriter, r *http.Request) {
	e, _ := event.FromContext(r.Context())
	body, err := io.ReadAll(r.Body) // from the start
	if err != nil {
		http.Error(w, "cannot read", http.StatusInternalServerError)
		return
	}
	fmt.Fprintf(w, "%s in %d bytes", e.Type, len(body))
}
