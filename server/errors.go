package server

import (
	"log"
	"log/slog"
	"strings"
	"sync/atomic"

	"golang.org/x/time/rate"
)

// A sampledLog logs what anyone can cause. So that a flood does not fill the disk, it
// logs a limited number of records a second, and says how many it suppressed.
type sampledLog struct {
	log        *slog.Logger
	limiter    *rate.Limiter
	suppressed atomic.Int64
}

func newSampledLog(to *slog.Logger, perSecond rate.Limit, atOnce int) *sampledLog {
	return &sampledLog{log: to, limiter: rate.NewLimiter(perSecond, atOnce)}
}

// warn logs at level Warn, or counts the record as suppressed if it is over the limit.
func (l *sampledLog) warn(msg string, attrs ...any) {
	if !l.limiter.Allow() {
		l.suppressed.Add(1)
		return
	}
	if n := l.suppressed.Swap(0); n > 0 {
		attrs = append(attrs, "suppressed", n)
	}
	l.log.Warn(msg, attrs...)
}

// logger returns l as the ErrorLog of an http.Server.
func (l *sampledLog) logger() *log.Logger { return log.New(l, "", 0) }

// Write implements [io.Writer], for logger.
func (l *sampledLog) Write(line []byte) (int, error) {
	l.warn(strings.TrimSuffix(string(line), "\n"))
	return len(line), nil
}

// refused counts and logs an answer that net/http writes itself, such as 431.
func (s *Server) refused(c *conn, head []byte) {
	// HTTP/1.1 431 …
	if len(head) < 12 || head[9] < '4' {
		return
	}
	status := string(head[9:12])
	s.counts.countRefused(status)
	s.errors.warn("the HTTP server refused a request", "status", status, "client", c.RemoteAddr().String())
}

// cutText returns the beginning of a text that a client may have chosen.
func cutText(s string) string {
	const most = 200
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
