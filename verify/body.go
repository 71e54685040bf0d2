package verify

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"os"
	"time"
)

// firstBuffer is the size of a body's first buffer. A larger Content-Length alone
// takes no memory.
const firstBuffer = 4 << 10

// A limitedBody is a body whose size and read time are limited.
type limitedBody struct {
	w        http.ResponseWriter
	r        *http.Request
	max      int64
	deadline bool
}

// limitBody starts the clock of the body. A refused request needs the deadline
// too: the server reads the rest of a small body before it answers.
func (p *Endpoint) limitBody(x *exchange) limitedBody {
	l := limitedBody{w: x.w, r: x.r, max: p.config.MaxBody}
	timeout := p.config.BodyTimeout
	if s, ok := x.r.Context().Value(http.ServerContextKey).(*http.Server); ok && s.ReadTimeout > 0 {
		timeout = min(timeout, s.ReadTimeout)
	}
	l.deadline = l.setReadDeadline(x.received.Add(timeout))
	return l
}

func (l limitedBody) setReadDeadline(t time.Time) bool {
	return l.w != nil && http.NewResponseController(l.w).SetReadDeadline(t) == nil
}

// read returns the whole body. With an error it returns what was read of it. The
// buffer doubles as bytes arrive, up to the limit and to what the budget has left.
// reserved is the part of the budget that this body has.
func (l limitedBody) read(budget *bodyBudget, reserved *int64) ([]byte, error) {
	if l.r.ContentLength > l.max {
		return nil, l.tooLarge()
	}
	if l.r.Body == nil {
		return nil, nil
	}
	// One byte more than expected shows the end, or that there is more.
	size := int64(firstBuffer)
	if n := l.r.ContentLength; n >= 0 && n < size {
		size = n
	}
	buf := make([]byte, 0, min(size, l.max)+1)
	for idle := 0; ; {
		n, err := l.r.Body.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case int64(len(buf)) > l.max:
			return buf, l.tooLarge()
		case err == io.EOF:
			if n := l.r.ContentLength; n > 0 && len(buf) == 0 {
				// No sender can cause this: a body that breaks off is no io.EOF.
				return buf, fmt.Errorf("verify: body is empty although Content-Length is %d: something has read it before", n)
			}
			if l.deadline {
				// The server goes on reading while the event is handled, to notice
				// that the sender has hung up.
				l.setReadDeadline(time.Time{})
			}
			return buf[:len(buf):len(buf)], nil
		case err != nil:
			return buf, l.failed(err)
		}
		if n > 0 {
			idle = 0
		} else if idle++; idle == 100 {
			return buf, l.failed(io.ErrNoProgress)
		}
		if len(buf) == cap(buf) {
			size := min(2*int64(cap(buf)), l.max+1)
			if err := budget.grow(reserved, len(buf), size); err != nil {
				l.stop()
				return buf, err
			}
			grown := make([]byte, len(buf), size)
			copy(grown, buf)
			buf = grown
		}
	}
}

func (l limitedBody) failed(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return ErrBodyTimeout
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return l.tooLarge() // a limit that somebody else has set
	}
	if _, ok := errors.AsType[textproto.ProtocolError](err); ok {
		return fmt.Errorf("%w: malformed trailer", ErrBodyIncomplete) // err quotes the trailer
	}
	return fmt.Errorf("%w: %w", ErrBodyIncomplete, err)
}

func (l limitedBody) tooLarge() error {
	l.stop()
	return ErrBodyTooLarge
}

// stop makes the server read no further. Otherwise it would read up to 256 KiB more
// to keep the connection.
func (l limitedBody) stop() { l.setReadDeadline(time.Unix(1, 0)) }
