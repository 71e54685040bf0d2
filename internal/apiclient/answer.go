package apiclient

import (
	"net/http"
	"net/url"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/jsonappend"
)

// An Answer is a whole answer of a server.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte

	received time.Time
	secrets  []event.Secret
}

// IsSuccess reports whether the status is one of 200 to 299.
func (a *Answer) IsSuccess() bool { return a.Status >= 200 && a.Status <= 299 }

// RetryAfter returns how long the server asks to wait, counted from the answer. A time is
// compared with the Date of the answer, so that the clocks need not agree. 0: it does not
// ask.
func (a *Answer) RetryAfter() time.Duration {
	d, _ := a.retryAfter()
	return d
}

func (a *Answer) retryAfter() (time.Duration, bool) {
	now, err := http.ParseTime(a.Header.Get("Date"))
	if err != nil {
		now = a.received
	}
	return parseRetryAfter(a.Header.Get("Retry-After"), now)
}

// Text returns s, which may come from the server, as it may be shown in an error: secrets
// of the request are masked, invisible characters escaped. It has at most 500 bytes.
func (a *Answer) Text(s string) string { return show(s, a.secrets) }

// Reason returns what the status says, for an error about an answer that has no message:
// "Bad Gateway". Of a redirect it says where to.
func (a *Answer) Reason() string {
	text := http.StatusText(a.Status)
	if a.Status < 300 || a.Status > 399 {
		return text
	}
	const refused = "redirects are not followed, since the credentials would go elsewhere"
	location, err := url.Parse(a.Header.Get("Location"))
	if err != nil || a.Header.Get("Location") == "" {
		return text + ": " + refused
	}
	location = &url.URL{Scheme: location.Scheme, Host: location.Host, Path: location.Path}
	return text + " to " + a.Text(location.String()) + ": " + refused
}

// maxText bounds, in bytes, what an error shows of a server's or a transport's text.
const maxText = 500

func show(s string, secrets []event.Secret) string {
	return cut(jsonappend.Visible(mask(s, secrets)), maxText)
}

// cut returns at most n bytes of s, in whole characters.
func cut(s string, n int) string {
	const ellipsis = "…"
	if len(s) <= n {
		return s
	}
	end := 0
	for i := range s {
		if i > n-len(ellipsis) {
			break
		}
		end = i
	}
	return s[:end] + ellipsis
}
