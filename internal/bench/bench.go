// Package bench runs the benchmarks of the vendor packages. The handler that is
// measured and those it is compared with get the same requests and the same lean
// ResponseWriter. Command ratio compares the results.
package bench

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"testing"
	"time"
)

// payloads is how many different payloads a benchmark cycles through. A single one
// would flatter decoders that keep strings they have seen.
const payloads = 1000

// Run measures h with the requests that build returns for i from 0 to 999, which
// must have different bodies. All of them are built before the clock starts, and
// sent in turn.
func Run(b *testing.B, h http.Handler, build func(ctx context.Context, i int) (*http.Request, error)) {
	b.Helper()
	type prepared struct {
		r    *http.Request
		body *body
	}
	requests := make([]prepared, payloads)
	size := int64(0)
	for i := range requests {
		r, err := build(context.Background(), i)
		if err != nil {
			b.Fatal(err)
		}
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			b.Fatal(err)
		}
		r.RemoteAddr = "192.0.2.1:4711"
		requests[i] = prepared{r, &body{raw: raw}}
		size += int64(len(raw))
	}
	b.SetBytes(size / payloads)
	b.ReportAllocs()
	w := new(writer)
	for i := 0; b.Loop(); i++ {
		p := &requests[i%payloads]
		p.body.Reader.Reset(p.body.raw)
		p.r.Body = p.body
		w.reset()
		h.ServeHTTP(w, p.r)
		if w.status != http.StatusOK {
			b.Fatalf("status %d", w.status)
		}
	}
}

type body struct {
	bytes.Reader
	raw []byte
}

func (*body) Close() error { return nil }

// writer is a ResponseWriter that costs next to nothing. It has a read deadline,
// as net/http's has.
type writer struct {
	header http.Header
	status int
}

func (w *writer) reset() {
	if w.header == nil {
		w.header = make(http.Header)
	}
	clear(w.header)
	w.status = 0
}

func (w *writer) Header() http.Header { return w.header }

func (w *writer) WriteHeader(status int) { w.status = status }

func (w *writer) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return len(p), nil
}

func (w *writer) SetReadDeadline(time.Time) error { return nil }
