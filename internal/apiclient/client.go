package apiclient

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/accesshook/accesshook/event"
)

// A Request is sent by [Client.Do], which does not change it.
type Request struct {
	Method string
	// Path is escaped, begins with a slash, and is appended to Config.BaseURL.
	Path   string
	Query  url.Values
	Header http.Header
	// Body is JSON. Nil: none.
	Body []byte
	// Repeatable says that a POST is as safe to send again as a PUT: a token request.
	Repeatable bool
	// Hint returns how long an answer without a Retry-After asks to wait, such as in its
	// body. Nil, and 0: it does not ask.
	Hint func(*Answer) time.Duration
	// Secrets never show in an error or in [Answer.Text]. The credential of an
	// Authorization header is one without being listed.
	Secrets []event.Secret
}

// Do sends a request and returns the last answer, whatever its status.
//
// GET, HEAD, PUT, DELETE and what is Repeatable is sent again after a transport error, and
// after the statuses 408, 429, 500, 502, 503 and 504. Other methods are sent again only
// where the server surely did not work on the request: no connection could be made, or
// the answer was 429, or 503 with a Retry-After. A pause is what Retry-After says, or
// else grows exponentially, with jitter. If ctx would end before the pause does, Do
// returns at once what it has.
//
// Do returns an error if there is no answer, or no whole one. Its text and all that
// errors.As and errors.Unwrap reach hold neither a secret, nor the query of a URL, nor a
// user and a password in one, such as that of a proxy.
// It matches [context.Canceled] and [context.DeadlineExceeded], [io.ErrUnexpectedEOF]
// and a [syscall.Errno], and has a method Timeout.
func (c *Client) Do(ctx context.Context, r Request) (*Answer, error) {
	target, err := c.target(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.config.Name, err)
	}
	authorization := r.Header.Get("Authorization")
	r.Secrets = append(slices.Clip(r.Secrets), event.NewSecret(authorization[strings.Index(authorization, " ")+1:]))
	for attempt := 1; ; attempt++ {
		a, err := c.attempt(ctx, target, r)
		pause, again := c.pause(r, a, err, attempt)
		if deadline, ok := ctx.Deadline(); ctx.Err() != nil || ok && time.Until(deadline) <= pause {
			again = false
		}
		if again {
			if Sleep(ctx, pause) {
				continue
			}
			if a != nil {
				err = fmt.Errorf("in the pause after status %d", a.Status)
			}
		}
		if err != nil {
			return nil, c.failed(ctx, r, target, err, attempt)
		}
		return a, nil
	}
}

// target returns the URL of a request.
func (c *Client) target(r Request) (string, error) {
	u, err := url.Parse(c.config.BaseURL + r.Path)
	if err != nil || !strings.HasPrefix(r.Path, "/") || strings.ContainsAny(r.Path, "?#") {
		return "", errors.New("the path of a request is not escaped")
	}
	for segment := range strings.SplitSeq(u.Path, "/") {
		if segment == "." || segment == ".." {
			return "", errors.New("the path of a request has a segment that is a dot or two") // a server may resolve it
		}
	}
	u.RawQuery = r.Query.Encode()
	return u.String(), nil
}

// attempt sends a request once.
func (c *Client) attempt(ctx context.Context, target string, r Request) (*Answer, error) {
	attemptCtx, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	a, err := c.exchange(attemptCtx, target, r)
	if err != nil && ctx.Err() == nil && attemptCtx.Err() != nil {
		return nil, &slowError{c.config.Timeout}
	}
	return a, err
}

func (c *Client) exchange(ctx context.Context, target string, r Request) (*Answer, error) {
	var body io.Reader
	if r.Body != nil {
		body = bytes.NewReader(r.Body)
	}
	request, err := http.NewRequestWithContext(ctx, r.Method, target, body)
	if err != nil {
		return nil, err
	}
	if r.Header != nil {
		request.Header = r.Header.Clone()
	}
	request.Header.Set("User-Agent", c.config.UserAgent)
	if request.Header.Get("Accept") == "" {
		request.Header.Set("Accept", "application/json")
	}
	if r.Body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(io.LimitReader(response.Body, c.config.MaxAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("answer with status %d: %w", response.StatusCode, err)
	case int64(len(content)) > c.config.MaxAnswer:
		return nil, fmt.Errorf("answer with status %d: %w of %d bytes", response.StatusCode, errTooLarge, c.config.MaxAnswer)
	}
	return &Answer{
		Status: response.StatusCode, Header: response.Header, Body: content,
		received: time.Now(), secrets: r.Secrets,
	}, nil
}
