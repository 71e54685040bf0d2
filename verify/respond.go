package verify

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/accesshook/accesshook/event"
)

// What is sent for each status. The sender learns nothing else: the reason goes
// to the log.
var bodies = map[int][]byte{
	http.StatusOK:                    []byte(`{"received":true}`),
	http.StatusBadRequest:            []byte(`{"error":"bad request"}`),
	http.StatusUnauthorized:          []byte(`{"error":"unauthorized"}`),
	http.StatusForbidden:             []byte(`{"error":"forbidden"}`),
	http.StatusMethodNotAllowed:      []byte(`{"error":"method not allowed"}`),
	http.StatusRequestTimeout:        []byte(`{"error":"request timeout"}`),
	http.StatusRequestEntityTooLarge: []byte(`{"error":"request body too large"}`),
	http.StatusUnsupportedMediaType:  []byte(`{"error":"unsupported content encoding"}`),
	http.StatusTooManyRequests:       []byte(`{"error":"too many requests"}`),
	http.StatusInternalServerError:   []byte(`{"error":"internal server error"}`),
	http.StatusServiceUnavailable:    []byte(`{"error":"service unavailable"}`),
}

// contentType is shared by all answers; its capacity keeps an Add from writing
// into it.
var contentType = []string{"application/json"}[:1:1]

// Respond writes the answer for err, which may come from Receive or from a
// handler: the status of [Status], its headers, and a fixed JSON body. err
// itself is never written. Nil is answered 200.
//
// After a body that was not read to its end it closes the connection. Over HTTP/2
// that ends the other requests on it too, which those of [Endpoint.Handler] do not.
func (p *Endpoint) Respond(w http.ResponseWriter, err error) { p.respond(w, nil, Status(err), err) }

// respond answers with status. r may be nil.
func (p *Endpoint) respond(w http.ResponseWriter, r *http.Request, status int, err error) int {
	h := w.Header()
	h["Content-Type"] = contentType
	switch status {
	case http.StatusUnauthorized:
		if c := challenge(p.currentVerifier()); c != "" {
			h.Set("WWW-Authenticate", c)
		}
	case http.StatusMethodNotAllowed:
		h.Set("Allow", http.MethodPost)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		if after := retryAfter(err); after > 0 {
			h.Set("Retry-After", strconv.FormatInt(after, 10))
		}
	}
	unread := status == http.StatusRequestTimeout || status == http.StatusRequestEntityTooLarge ||
		errors.Is(err, ErrBodyIncomplete) || errors.Is(err, ErrTooManyBodies)
	// HTTP/2 ends the stream by itself, and would take this for the connection.
	if unread && (r == nil || r.ProtoMajor < 2) {
		h.Set("Connection", "close")
	}
	w.WriteHeader(status)
	_, _ = w.Write(bodies[status])
	return status
}

// retryAfter returns the whole seconds after which err says to try again.
func retryAfter(err error) int64 {
	d, _ := event.IsUnavailable(err)
	if limited, ok := errors.AsType[*rateLimited](err); ok {
		d = limited.after
	}
	return int64((d + time.Second - 1) / time.Second)
}
