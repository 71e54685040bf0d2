package post

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/accesshook/accesshook/event"
)

// mendAfter is the pause after an answer that stays the same until somebody corrects a
// setting. Some servers lock an account after too many wrong credentials.
const mendAfter = time.Minute

// Check returns what the status of an answer means for what was sent: nil for 200 to 299,
// or an error.
//
//   - 408, 425, 429, 502, 503 and 504 come as [event.Unavailable], with their Retry-After.
//   - 401, 403 and 407 are about the credential, 404, 405, 410, 421 and redirects about the
//     URL, and not about what was sent. Somebody will correct the setting. They come as
//     [event.Unavailable], with a minute.
//   - Other statuses from 400 to 499 come as [event.Permanent].
//   - All others have no mark: the server, or what was sent, may be the reason.
func (c *Client) Check(a *Answer) error { return c.CheckStatus(a.Status, a.RetryAfter(), "") }

// CheckStatus is Check for a status of a part of an answer. The error has details, if there
// are any.
func (c *Client) CheckStatus(status int, retryAfter time.Duration, details string) error {
	if status >= 200 && status <= 299 {
		return nil
	}
	text := Answered(status, details)
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return event.Unavailable(c.Error(text), retryAfter)
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired:
		return c.Misconfigured(text + ": check the credential")
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone, http.StatusMisdirectedRequest:
		return c.Misconfigured(text + ": check the URL")
	}
	switch status / 100 {
	case 3:
		return c.Misconfigured(text + ": redirects are not followed, check the URL")
	case 4:
		return event.Permanent(c.Error(text))
	}
	return c.Error(text)
}

// Answered returns the text for a status and its details, if there are any:
// "answered 400 Bad Request (details)".
func Answered(status int, details string) string {
	text := "answered " + strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status)))
	if details != "" {
		text += " (" + details + ")"
	}
	return text
}

// Misconfigured returns an error about a setting, to be tried again after a minute.
func (c *Client) Misconfigured(what string) error { return event.Unavailable(c.Error(what), mendAfter) }

// Unexpected returns the error for an answer of another form than the API has. What it means
// for what was sent is not known.
func (c *Client) Unexpected() error { return c.unavailable("did not answer as expected", nil) }

// maxRetryAfter bounds what a server can ask for: a clock or a unit may be wrong.
const maxRetryAfter = time.Hour

// RetryAfter returns how long the server asks to wait, at most an hour, or 0. A time is
// compared with the Date of the answer, so that the clocks need not agree.
//
// See https://www.rfc-editor.org/rfc/rfc9110#field.retry-after.
func (a *Answer) RetryAfter() time.Duration {
	value := strings.TrimSpace(a.Header.Get("Retry-After"))
	if value != "" && strings.Trim(value, "0123456789") == "" {
		seconds, err := strconv.ParseInt(value, 10, 64)
		if err != nil || seconds > int64(maxRetryAfter/time.Second) {
			return maxRetryAfter
		}
		return time.Duration(seconds) * time.Second
	}
	until, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(a.Header.Get("Date"))
	if err != nil {
		now = a.received
	}
	return min(max(until.Sub(now), 0), maxRetryAfter)
}
