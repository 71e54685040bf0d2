// Package post sends requests to the HTTP APIs of sinks, and says what their answers mean.
//
// It follows no redirect and sends nothing again. Answers are bounded in size and time.
// Its errors are made of texts of its own, the host of the URL and the status: they hold
// neither a credential, nor a path or a query, which may be one, nor what the server sent.
package post

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/accesshook/accesshook/event"
)

// A Client sends requests to one server. It is safe for concurrent use.
type Client struct {
	name          string
	base          *url.URL
	path          string // below base
	authorization event.Secret
	timeout       time.Duration
	maxAnswer     int64
	http          *http.Client
}

// An Answer is what a server answered.
type Answer struct {
	Status int
	Header http.Header
	// Body is the body, or as much of it as came and is allowed.
	Body []byte
	// Err says why Body is not whole. It comes as [event.Unavailable].
	Err error

	received time.Time
}

// Post sends body to the URL of the Config. It returns an error, which comes as
// [event.Unavailable], if there is no status. See [Client.Check] for what a status means.
func (c *Client) Post(ctx context.Context, header http.Header, body []byte) (*Answer, error) {
	target := c.base
	if c.path != "" {
		target = target.JoinPath(c.path)
	}
	return c.post(ctx, target, header, body)
}

// PostTo sends body to a path and a query that take the place of those of the Config.
func (c *Client) PostTo(ctx context.Context, path string, query url.Values, header http.Header, body []byte) (*Answer, error) {
	target := c.base.JoinPath(path)
	target.RawQuery = query.Encode()
	return c.post(ctx, target, header, body)
}

func (c *Client) post(ctx context.Context, target *url.URL, header http.Header, body []byte) (*Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), bytes.NewReader(body))
	if err != nil {
		return nil, c.failed(ctx, err)
	}
	for name, values := range header {
		request.Header[name] = values
	}
	request.Header.Set("User-Agent", "accesshook (+https://github.com/accesshook/accesshook)")
	if authorization, ok := c.authorization.Reveal(); ok {
		request.Header.Set("Authorization", authorization)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, c.failed(ctx, err)
	}
	defer response.Body.Close()
	a := &Answer{Status: response.StatusCode, Header: response.Header, received: time.Now()}
	// One byte more tells an answer that is too large. An answer that was read to its end
	// leaves the connection for the next request.
	a.Body, err = io.ReadAll(io.LimitReader(response.Body, c.maxAnswer+1))
	switch {
	case err != nil:
		a.Err = c.failed(ctx, err)
	case int64(len(a.Body)) > c.maxAnswer:
		a.Body = a.Body[:c.maxAnswer]
		a.Err = c.unavailable("the answer is too large", nil)
	}
	return a, nil
}

// Close closes the connections that no request uses.
func (c *Client) Close() { c.http.CloseIdleConnections() }
