package main

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// maxAnswer is how many bytes of an answer are read.
const maxAnswer = 64 << 10

// newClient returns a client that follows no redirect and keeps its connections.
func newClient(s *settings) *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.TLSClientConfig = &tls.Config{RootCAs: s.roots}
	t.MaxIdleConns, t.MaxIdleConnsPerHost = s.concurrency, s.concurrency
	t.MaxResponseHeaderBytes = maxAnswer
	t.DisableCompression = true // vendors do not ask for it
	return &http.Client{
		Transport:     t,
		Timeout:       s.timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// send sends the events, and writes the summary. Status 1 means that not every answer was
// as expected, or that ctx ended before all events were sent.
func (s *settings) send(ctx context.Context, stdout, stderr io.Writer) (status int, err error) {
	client := newClient(s)
	defer client.CloseIdleConnections()
	return s.sendBy(ctx, client, newReport(s, stdout, stderr))
}

func (s *settings) sendBy(ctx context.Context, client *http.Client, out *report) (status int, err error) {
	pace := rate.NewLimiter(rate.Inf, 1)
	if s.interval > 0 {
		pace.SetLimit(rate.Every(s.interval))
	}
	var taken atomic.Int64 // events that a sender has taken on
	var senders sync.WaitGroup
	for range s.concurrency {
		senders.Go(func() {
			for failed := 0; ; {
				i := int(taken.Add(1) - 1)
				if s.count > 0 && i >= s.count || pace.Wait(ctx) != nil || ctx.Err() != nil {
					return
				}
				k := s.chosen[i%len(s.chosen)]
				d, err := s.next(k)
				if err != nil {
					out.fail(err)
					return
				}
				out.event()
				for range s.times() {
					// What is sent is waited for, also after ctx has ended.
					a := post(context.WithoutCancel(ctx), client, d)
					out.answer(k, a)
					if failed++; a.err == nil {
						failed = 0
					}
				}
				if s.count == 0 && failed > 0 { // nothing else would end or slow that
					rest(ctx, failed)
				}
			}
		})
	}
	senders.Wait()
	return out.end()
}

// rest waits after so many failures in a row, up to some seconds, or until ctx ends.
func rest(ctx context.Context, failures int) {
	select {
	case <-ctx.Done():
	case <-time.After(50 * time.Millisecond << min(failures, 6)):
	}
}

// times returns how often each event is sent.
func (s *settings) times() int {
	if s.duplicate {
		return 2
	}
	return 1
}

// An answer is what came of a request.
type answer struct {
	status int
	took   time.Duration // until the answer was read
	err    error         // there is no whole answer
}

// post sends d.
func post(ctx context.Context, client *http.Client, d delivery) answer {
	r, err := d.request(ctx)
	if err != nil {
		return answer{err: err}
	}
	began := time.Now()
	a, err := client.Do(r)
	if err != nil {
		return answer{err: err}
	}
	defer a.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(a.Body, maxAnswer)); err != nil {
		return answer{err: err}
	}
	return answer{status: a.StatusCode, took: time.Since(began)}
}
