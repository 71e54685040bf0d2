package main

import (
	"context"
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

// A functionRequest is what a function service hands over, and a functionResponse what it takes
// back. Each service has structs of its own that are much like these.
type functionRequest struct {
	Method          string            `json:"method"`
	Headers         map[string]string `json:"headers"`
	Body            string            `json:"body"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
}

type functionResponse struct {
	StatusCode int               `json:"statusCode"`
	Headers    map[string]string `json:"headers"`
	Body       string            `json:"body"`
}

// function returns the function. Make it, and hook, when the program starts.
func function(hook *verify.Endpoint) func(context.Context, functionRequest) functionResponse {
	return func(ctx context.Context, in functionRequest) functionResponse {
		body := []byte(in.Body)
		if in.IsBase64Encoded {
			body, _ = base64.StdEncoding.DecodeString(in.Body) // what is broken is not signed
		}
		r := &http.Request{Method: in.Method, Header: http.Header{}}
		for name, value := range in.Headers {
			r.Header[name] = []string{value}
		}
		status, header, answer := hook.Process(ctx, r, body, event.HandlerFunc(ownFunction))
		out := functionResponse{StatusCode: status, Headers: map[string]string{}, Body: string(answer)}
		for name := range header {
			out.Headers[name] = header.Get(name)
		}
		return out
	}
}

// ownFunction is your handler. An error is answered 500.
func ownFunction(_ context.Context, e *event.Event) error {
	slog.Info("received", "event", e, "bytes", len(e.Raw))
	return nil
}

// fromQueue is for a request that waited in a queue: there is nobody to answer.
func fromQueue(hook *verify.Endpoint, header http.Header, body []byte) (*event.Event, error) {
	return hook.Check(&http.Request{Method: http.MethodPost, Header: header}, body)
}

// withFunction plays the function service.
func withFunction(hook *verify.Endpoint) http.Handler {
	call := function(hook)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			http.Error(w, "cannot read", http.StatusBadRequest)
			return
		}
		in := functionRequest{Method: r.Method, Headers: map[string]string{}, Body: base64.StdEncoding.EncodeToString(body), IsBase64Encoded: true}
		for name := range r.Header {
			in.Headers[name] = r.Header.Get(name)
		}
		out := call(r.Context(), in)
		for name, value := range out.Headers {
			w.Header().Set(name, value)
		}
		w.WriteHeader(out.StatusCode)
		_, _ = io.WriteString(w, out.Body)
	})
}
