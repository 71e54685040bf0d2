package sink

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/accesshook/accesshook/event"
)

const (
	// queueAttempts is how often an event of a queue is sent. The pauses between them,
	// random ones of a minute at most, last for 12 minutes on average.
	queueAttempts = 30
	// queueWorkers is how many events of a queue are in a batch, or wait for another
	// attempt.
	queueWorkers = 256
)

// A QueueConfig says how a queue in memory works.
type QueueConfig struct {
	Depth    int   // how many events may wait
	MaxBytes int64 // of their bodies
	Key      func(*event.Event) string
	Attempts int // 0: 30
}

// StartQueue puts a queue in memory in front of the sink. Its metrics have its name, and
// those of several sinks are told apart by their label.
func (s *Sink) StartQueue(c QueueConfig) {
	if c.Attempts == 0 {
		c.Attempts = queueAttempts
	}
	quiet := slog.New(slog.DiscardHandler) // the report says what there is to say
	retry := event.Retry(event.RetryConfig{Attempts: c.Attempts, Timeout: AttemptTimeout, Logger: quiet})
	s.queue = event.NewQueue(retry(event.HandlerFunc(s.SendAnyway)), event.QueueConfig{
		Workers: queueWorkers, Depth: c.Depth, MaxBytes: c.MaxBytes, Key: c.Key,
		// All attempts, with the longest pause after each.
		HandlerTimeout: time.Duration(c.Attempts) * (AttemptTimeout + event.DefaultRetryMaxDelay),
		OnError:        s.GaveUp,
		Logger:         quiet,
	})
	auto := promauto.With(prometheus.WrapRegistererWith(prometheus.Labels{"sink": s.Name}, s.Metrics.registry))
	gauge := func(name, help string, f func() float64) {
		auto.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "accesshook", Name: name, Help: help}, f)
	}
	gauge("sink_queue_depth", "Events that wait in the queue of a sink.", func() float64 { return float64(s.queue.Len()) })
	gauge("sink_queue_oldest_age_seconds", "How long the oldest event in the queue of a sink has waited. 0 if none waits.", func() float64 { return s.queue.Oldest().Seconds() })
}

// Offer queues an event that the filter selects, and does not wait. If the queue is full,
// the event is given up.
func (s *Sink) Offer(e *event.Event) {
	if !s.Only.Match(e) {
		s.report.leftOut.Inc()
		return
	}
	if err := s.queue.HandleEvent(context.Background(), e); err != nil {
		s.GaveUp(e, err)
	}
}

// FinishQueue sends the events of the queue until ctx ends, and gives up those that are
// left. Then it returns an error.
func (s *Sink) FinishQueue(ctx context.Context) error {
	left, err := s.queue.Shutdown(ctx)
	for _, e := range left {
		s.GaveUp(e, err)
	}
	if err != nil {
		err = fmt.Errorf("sink %s: %w", s.Name, err)
	}
	return err
}
