package verify

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/accesshook/accesshook/event"
)

var received = []byte(`{"received":true}`)

// errorBodies are the bodies of the other answers. The sender learns nothing else: the
// reason goes to the log.
var errorBodies = map[int][]byte{
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

func bodyOf(status int) []byte {
	if status == http.StatusOK {
		return received
	}
	return errorBodies[status]
}

// contentType is shared by all answers. Its capacity keeps an Add from writing into
// it.
var contentType = []string{"application/json"}[:1:1]

// Respond writes the answer for err, which may come from Receive or from a handler:
// the status of [Status], its headers, and a fixed JSON body. It never writes err
// itself. Nil is answered 200.
//
// If the body was not read to its end, Respond closes the connection. Over HTTP/2
// that ends the other requests on it too. The answers of [Endpoint.Handler] do not.
func (p *Endpoint) Respond(w http.ResponseWriter, err error) { p.respond(w, nil, Status(err), err) }

// respond answers with status and returns it. r may be nil.
func (p *Endpoint) respond(w http.ResponseWriter, r *http.Request, status int, err error) int {
	h := w.Header()
	p.answerHeader(h, status, err)
	unread := status == http.StatusRequestTimeout || status == http.StatusRequestEntityTooLarge ||
		errors.Is(err, ErrBodyIncomplete) || errors.Is(err, ErrTooManyBodies)
	// HTTP/2 ends the stream by itself, and would close the whole connection.
	if unread && (r == nil || r.ProtoMajor < 2) {
		h.Set("Connection", "close")
	}
	w.WriteHeader(status)
	_, _ = w.Write(bodyOf(status))
	return status
}

// answerHeader sets the headers that an answer has on any way to the sender.
func (p *Endpoint) answerHeader(h http.Header, status int, err error) {
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
}

// retryAfter returns the whole seconds after which err says to try again.
func retryAfter(err error) int64 {
	d, _ := event.IsUnavailable(err)
	if limited, ok := errors.AsType[*rateLimited](err); ok {
		d = limited.after
	}
	return int64((d + time.Second - 1) / time.Second)
}
