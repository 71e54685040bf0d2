//go:build unix

package clustertest

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/relock"

	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
)

const (
	sendEvery  = 40 * time.Millisecond
	againAfter = 5 * time.Second  // an event that was not answered 200
	answerWait = 15 * time.Second // longer than the gateway takes
)

// senders send events to one gateway at a steady rate, each of them without waiting for
// the ones before, as vendors do. An event that is not answered 200 is sent once more.
type senders struct {
	client  *http.Client
	url     string
	numbers *atomic.Int64 // of events, over all gateways

	stop    context.CancelFunc
	running sync.WaitGroup
	ticks   atomic.Int64 // how often it was time to send

	mu      sync.Mutex
	answers []answer
}

// An answer is the answer to one request.
type answer struct {
	event    int
	sent, at time.Duration // as senders.now has it
	wall     time.Time     // for a comparison with logs
	status   int           // 0: there was none
}

func startSenders(t *testing.T, url string, numbers *atomic.Int64) *senders {
	ctx, stop := context.WithCancel(t.Context())
	s := &senders{
		client:  &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1000}, Timeout: answerWait},
		url:     url,
		numbers: numbers,
		stop:    stop,
	}
	s.running.Go(func() { s.run(ctx) })
	t.Cleanup(s.finish)
	return s
}

// now returns how long the senders have run. While this machine stands still, so does this
// clock: what is not sent cannot be answered.
func (s *senders) now() time.Duration { return time.Duration(s.ticks.Load()) * sendEvery }

// finish sends nothing more, and waits for the answers.
func (s *senders) finish() {
	s.stop()
	s.running.Wait()
	s.client.CloseIdleConnections()
}

func (s *senders) run(ctx context.Context) {
	tick := time.NewTicker(sendEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.ticks.Add(1)
			s.running.Go(func() {
				n := int(s.numbers.Add(1))
				if s.post(n) == http.StatusOK {
					return
				}
				select {
				case <-ctx.Done():
				case <-time.After(againAfter):
					s.post(n)
				}
			})
		}
	}
}

// burst sends events at once, and waits for the answers.
func (s *senders) burst(events int) {
	var sent sync.WaitGroup
	for range events {
		sent.Go(func() { s.post(int(s.numbers.Add(1))) })
	}
	sent.Wait()
}

// post sends event n, and notes the answer.
func (s *senders) post(n int) (status int) {
	a := answer{event: n, sent: s.now()}
	r, err := relock.NewRequest(context.Background(), s.url+"/webhooks/relock", gatewaytest.RelockSecret,
		&relock.SessionCreated{SessionID: strconv.Itoa(n), UserID: fmt.Sprint("u-", n%100)})
	if err != nil {
		panic(err)
	}
	if response, err := s.client.Do(r); err == nil {
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		a.status = response.StatusCode
	}
	a.at, a.wall = s.now(), time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers = append(s.answers, a)
	return a.status
}

// received returns the answers so far, in the order in which they came.
func (s *senders) received() []answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.answers)
}

// okSince reports whether an event that was sent after a moment was answered 200.
func (s *senders) okSince(since time.Duration) bool {
	return slices.ContainsFunc(s.received(), func(a answer) bool { return a.status == http.StatusOK && a.sent > since })
}

// longestGap returns the longest time without a 200, from the first 200 until end.
func longestGap(answers []answer, end time.Duration) (gap time.Duration) {
	var last time.Duration
	for _, a := range append(slices.Clone(answers), answer{at: end, status: http.StatusOK}) {
		if a.status != http.StatusOK {
			continue
		}
		if last > 0 {
			gap = max(gap, a.at-last)
		}
		last = a.at
	}
	return gap
}

// write writes all answers to a file.
func write(t *testing.T, name string, answers []answer) {
	t.Helper()
	f, err := os.Create(name)
	require.NoError(t, err)
	defer f.Close()
	w := csv.NewWriter(f)
	for _, a := range answers {
		_ = w.Write([]string{strconv.Itoa(a.event), a.sent.String(), a.at.String(), a.wall.Format(time.StampMilli), strconv.Itoa(a.status)})
	}
	w.Flush()
	require.NoError(t, w.Error())
}
