package apiclient

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// firstPause is the longest pause after the first attempt, unless the server asks for another.
const firstPause = 500 * time.Millisecond

// pause returns how long to wait before a request is sent again. It reports false if it
// must not be.
func (c *Client) pause(r Request, a *Answer, err error, attempt int) (_ time.Duration, again bool) {
	if attempt >= c.config.MaxAttempts || !mayRepeat(r, a, err) {
		return 0, false
	}
	if a != nil {
		d := a.RetryAfter()
		if d == 0 && r.Hint != nil {
			d = r.Hint(a)
		}
		if d > 0 {
			return d, d <= c.config.MaxWait
		}
	}
	d := min(firstPause<<min(attempt-1, 16), c.config.MaxWait)
	return d/2 + rand.N(d/2+1), true
}

func mayRepeat(r Request, a *Answer, err error) bool {
	safe := r.Repeatable
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete:
		safe = true
	}
	if err != nil {
		return !isHopeless(err) && (safe || isUnsent(err))
	}
	switch a.Status {
	case http.StatusTooManyRequests:
		return true
	case http.StatusServiceUnavailable:
		_, ok := a.retryAfter()
		return safe || ok
	case http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusBadGateway, http.StatusGatewayTimeout:
		return safe
	}
	return false
}

// isHopeless reports whether the next attempt would fail as well.
func isHopeless(err error) bool {
	var certificate *tls.CertificateVerificationError
	return errors.As(err, &certificate) || errors.Is(err, errTooLarge)
}

// isUnsent reports whether no connection could be made, to the server or to a proxy.
func isUnsent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect")
}

// Sleep waits for d, or until ctx ends, and reports whether d has passed.
func Sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// maxRetryAfter keeps a number of seconds from overflowing.
const maxRetryAfter = 100 * 365 * 24 * time.Hour

// parseRetryAfter reads a Retry-After of either form: seconds, or a time, which counts
// from now. It reports false if there is none, or it is of no form. A time that has
// passed is 0.
//
// See https://www.rfc-editor.org/rfc/rfc9110#field.retry-after.
func parseRetryAfter(s string, now time.Time) (time.Duration, bool) {
	s = strings.TrimSpace(s)
	if s != "" && strings.Trim(s, "0123456789") == "" {
		seconds, err := strconv.ParseInt(s, 10, 64)
		if err != nil || seconds > int64(maxRetryAfter/time.Second) {
			return maxRetryAfter, true
		}
		return time.Duration(seconds) * time.Second, true
	}
	t, err := http.ParseTime(s)
	if err != nil {
		return 0, false
	}
	return min(max(t.Sub(now), 0), maxRetryAfter), true
}
