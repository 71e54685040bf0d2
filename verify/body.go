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

// firstBuffer is how much memory is set aside for a body before a byte of it has
// come, however long it says it is.
const firstBuffer = 4 << 10

// limited is a body with a bound in size and in time.
type limited struct {
	w        http.ResponseWriter
	r        *http.Request
	max      int64
	deadline bool
}

// limitBody starts the clock of the body. The deadline stands from here on, also
// if the request is refused before the body was read: the server reads what is
// left of a small body before it answers.
func (p *Endpoint) limitBody(x *exchange) limited {
	l := limited{w: x.w, r: x.r, max: p.config.MaxBody}
	timeout := p.config.BodyTimeout
	if s, ok := x.r.Context().Value(http.ServerContextKey).(*http.Server); ok && s.ReadTimeout > 0 {
		timeout = min(timeout, s.ReadTimeout)
	}
	l.deadline = l.setReadDeadline(x.received.Add(timeout))
	return l
}

func (l limited) setReadDeadline(t time.Time) bool {
	return l.w != nil && http.NewResponseController(l.w).SetReadDeadline(t) == nil
}

// read returns the whole body, or with an error as much of it as was read. Memory
// grows with what comes, to at most twice of it, and never past the bound or what the
// budget has left; held is what it holds of that.
func (l limited) read(budget *bodyBudget, held *int64) ([]byte, error) {
	if l.r.ContentLength > l.max {
		return nil, l.tooLarge()
	}
	if l.r.Body == nil {
		return nil, nil
	}
	// One byte more than is expected tells the end, or that there is more.
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
				// No sender can do this: what breaks off is no io.EOF.
				return buf, fmt.Errorf("verify: body is empty although Content-Length is %d: something has read it before", n)
			}
			if l.deadline {
				// The connection goes on being read while the event is handled,
				// to notice that the sender has gone.
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
			if err := budget.grow(held, len(buf), size); err != nil {
				l.stop()
				return buf, err
			}
			grown := make([]byte, len(buf), size)
			copy(grown, buf)
			buf = grown
		}
	}
}

func (l limited) failed(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return ErrBodyTimeout
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return l.tooLarge() // a bound that somebody else has set
	}
	if _, ok := errors.AsType[textproto.ProtocolError](err); ok {
		return fmt.Errorf("%w: malformed trailer", ErrBodyIncomplete) // err has a line of it
	}
	return fmt.Errorf("%w: %w", ErrBodyIncomplete, err)
}

func (l limited) tooLarge() error {
	l.stop()
	return ErrBodyTooLarge
}

// stop sees to it that the server reads no further: it would otherwise take in up
// to 256 KiB more to keep the connection.
func (l limited) stop() { l.setReadDeadline(time.Unix(1, 0)) }
