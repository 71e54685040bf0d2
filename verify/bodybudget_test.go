package verify_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

// A counter counts what is read from a body.
type counter struct {
	io.ReadCloser
	n *atomic.Int64
}

func (c counter) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// Large bodies that come slowly, from whomever, hold no more memory than they may,
// and keep no ordinary event out.
func TestMaxUnverified(t *testing.T) {
	const size, maxBody = 200 << 10, 256 << 10 // a buffer of one byte more than maxBody
	var log countingWriter
	var read, handled atomic.Int64
	handler := newEndpoint(t, verify.Config{MaxBody: maxBody, MaxUnverified: 3 * (maxBody + 1), Logger: slog.New(slog.NewTextHandler(&log, nil))}).
		Handler(event.HandlerFunc(func(context.Context, *event.Event) error { handled.Add(1); return nil }))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = counter{r.Body, &read}
		handler.ServeHTTP(w, r)
	}))
	defer server.Close()
	object := func(size int) string { return `{"x":"` + strings.Repeat("x", size-8) + `"}` }
	large := object(size)
	request := func(body, signature string) string {
		return fmt.Sprintf("POST / HTTP/1.1\r\nHost: localhost\r\n%s: %s\r\nContent-Length: %d\r\n\r\n%s", sigHeader, signature, len(body), body)
	}
	good, forged := request(large, sign(testSecret, large)), request(large, strings.Repeat("0", 64))
	send := func(request string) *http.Response {
		w := dial(t, server)
		go func() { _, _ = io.WriteString(w, request) }() // which may be cut
		res, _ := w.answer()
		return res
	}

	// What was verified, was refused or broke off holds nothing.
	for range 10 {
		require.Equal(t, 200, send(good).StatusCode)
		require.Equal(t, 401, send(forged).StatusCode)
		w := dial(t, server)
		w.write("%s", good[:len(good)-1])
		require.NoError(t, w.Conn.(*net.TCPConn).CloseWrite())
		res, _ := w.answer()
		require.Equal(t, 400, res.StatusCode)
	}

	read.Store(0)
	var slow []*wire
	for range 3 {
		w := dial(t, server)
		w.write("%s", good[:len(good)-1])
		slow = append(slow, w)
	}
	require.Eventually(t, func() bool { return read.Load() == 3*(size-1) }, time.Minute, time.Millisecond)

	res := send(good)
	assert.Equal(t, 503, res.StatusCode)
	assert.Equal(t, "10", res.Header.Get("Retry-After"))
	assert.True(t, res.Close, "the rest is not read")
	for _, n := range []int{20, 30 << 10, 64 << 10} {
		body := object(n)
		assert.Equal(t, 200, send(request(body, sign(testSecret, body))).StatusCode, n)
	}
	before := log.lines.Load()
	for range 300 {
		require.Equal(t, 503, send(forged).StatusCode)
	}
	assert.Less(t, log.lines.Load()-before, int64(250), "a flood does not fill the disk")

	for _, w := range slow {
		w.write("}")
		res, _ := w.answer()
		assert.Equal(t, 200, res.StatusCode, "what was taken is finished")
	}
	assert.Equal(t, 200, send(good).StatusCode)
	assert.EqualValues(t, 10+3+3+1, handled.Load())
}

func TestMaxUnverifiedErrors(t *testing.T) {
	for _, c := range []verify.Config{
		{MaxUnverified: -1}, {MaxUnverified: verify.DefaultMaxBody - 1}, {MaxBody: 1 << 20, MaxUnverified: 1<<20 - 1},
	} {
		_, err := verify.NewEndpoint(verify.Definition{Vendor: "v", Verifier: testVerifier(t, testSecret), Decode: nothing, Config: c})
		assert.ErrorContains(t, err, "Config.MaxUnverified")
	}
}

// Some large bodies always fit.
func TestMaxUnverifiedByDefault(t *testing.T) {
	for maxBody, want := range map[int64]int64{0: 256 << 20, 64 << 20: 256 << 20, 1 << 30: 4 << 30} {
		assert.Equal(t, want, newEndpoint(t, verify.Config{MaxBody: maxBody}).MaxUnverified())
	}
	assert.EqualValues(t, 512<<20, newEndpoint(t, verify.Config{MaxBody: 1 << 20, MaxUnverified: 512 << 20}).MaxUnverified())
}
