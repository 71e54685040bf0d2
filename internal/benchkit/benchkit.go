// Package benchkit is what the benchmarks of the vendor packages share: the same
// requests and the same lean ResponseWriter for the handler that is measured and
// for what it is compared with.
package benchkit

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"
)

// Count is how many different payloads a benchmark cycles through. A single one
// would flatter decoders that keep strings they have seen.
const Count = 1000

// Run measures h with the requests that build returns for 0 to Count-1. All of
// them are prepared before the clock runs; each is sent again and again.
func Run(b *testing.B, h http.Handler, build func(ctx context.Context, i int) (*http.Request, error)) {
	b.Helper()
	type prepared struct {
		r    *http.Request
		body *body
	}
	requests := make([]prepared, Count)
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
	b.SetBytes(size / Count)
	b.ReportAllocs()
	w := new(writer)
	for i := 0; b.Loop(); i++ {
		p := &requests[i%Count]
		p.body.Reader.Reset(p.body.raw)
		p.r.Body = p.body
		w.reset()
		h.ServeHTTP(w, p.r)
		if w.status != http.StatusOK {
			b.Fatal(fmt.Errorf("status %d", w.status))
		}
	}
}

// Bodies returns the bodies that Run would send, for a benchmark of a part.
func Bodies(b *testing.B, build func(ctx context.Context, i int) (*http.Request, error)) [][]byte {
	b.Helper()
	bodies := make([][]byte, Count)
	for i := range bodies {
		r, err := build(context.Background(), i)
		if err != nil {
			b.Fatal(err)
		}
		if bodies[i], err = io.ReadAll(r.Body); err != nil {
			b.Fatal(err)
		}
	}
	return bodies
}

type body struct {
	bytes.Reader
	raw []byte
}

func (*body) Close() error { return nil }

// writer is a ResponseWriter that costs next to nothing. It has a read deadline,
// as that of net/http.
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
