package record

import (
	"io"
	"net/http"
)

// An exchange is a request that is being handled, and what was read of its body.
type exchange struct {
	recorder *Recorder
	request  *http.Request
	body     []byte
	reserved int64 // of the memory of the recorder
	whole    bool  // the body was read to its end
	long     bool  // the body is longer than maxBody, and was left out
	crowded  bool  // there was no memory for it
}

// A tee is a body that an exchange keeps as it is read.
type tee struct {
	io.ReadCloser
	x *exchange
}

func (t *tee) Read(p []byte) (int, error) {
	n, err := t.ReadCloser.Read(p)
	t.x.keep(p[:n])
	t.x.whole = err == io.EOF
	return n, err
}

func (x *exchange) keep(p []byte) {
	need := len(x.body) + len(p)
	switch {
	case len(p) == 0 || x.long || x.crowded:
		return
	case need > maxBody:
		x.long = true
		x.drop()
		return
	case need > cap(x.body):
		size := min(max(need, 2*cap(x.body), 512), maxBody)
		if x.crowded = !x.recorder.reserve(int64(size) - x.reserved); x.crowded {
			x.drop()
			return
		}
		x.reserved = int64(size)
		x.body = append(make([]byte, 0, size), x.body...)
	}
	x.body = append(x.body, p...)
}

// keepHead reserves memory for the head. It reports false if there is none.
func (x *exchange) keepHead() bool {
	size := len(x.request.RequestURI) + len(x.request.Host)
	for name, values := range x.request.Header {
		for _, value := range values {
			size += len(name) + len(value)
		}
	}
	if !x.recorder.reserve(int64(size)) {
		return false
	}
	x.reserved += int64(size)
	return true
}

func (x *exchange) drop() {
	x.recorder.release(x.reserved)
	x.body, x.reserved = nil, 0
}

// end lets go of the request, whose context may live longer: with the event in a queue.
func (x *exchange) end() {
	x.drop()
	x.request = nil
}

func (r *Recorder) reserve(bytes int64) bool {
	if r.memory.Add(bytes) > maxMemory {
		r.memory.Add(-bytes)
		return false
	}
	return true
}

func (r *Recorder) release(bytes int64) { r.memory.Add(-bytes) }
