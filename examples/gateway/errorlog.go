package main

import (
	"log"
	"log/slog"
	"strings"
	"sync/atomic"

	"golang.org/x/time/rate"
)

// newErrorLog returns the log for a server's own errors. Anyone can cause them, such as
// by not finishing a TLS handshake. So that a flood does not fill the disk, at most 100
// at once and 10 a second are logged.
func newErrorLog(to *slog.Logger) *log.Logger {
	return log.New(&errorLog{log: to, limiter: rate.NewLimiter(10, 100)}, "", 0)
}

type errorLog struct {
	log        *slog.Logger
	limiter    *rate.Limiter
	suppressed atomic.Int64
}

func (l *errorLog) Write(line []byte) (int, error) {
	l.warn(strings.TrimSuffix(string(line), "\n"))
	return len(line), nil
}

// warn logs at level Warn, or counts the record as suppressed if it is over the limit.
func (l *errorLog) warn(msg string, attrs ...any) {
	if !l.limiter.Allow() {
		l.suppressed.Add(1)
		return
	}
	if n := l.suppressed.Swap(0); n > 0 {
		attrs = append(attrs, "suppressed", n)
	}
	l.log.Warn(msg, attrs...)
}
