// Package apiclient sends requests to the HTTP APIs of vendors.
//
// It sends again what is safe to send again, reads bounded answers to their end, and
// keeps secrets out of errors. What a status means is for the package of the vendor.
package apiclient

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// Defaults of Config.
const (
	DefaultTimeout     = 30 * time.Second
	DefaultMaxAttempts = 4
	DefaultMaxWait     = time.Minute
	DefaultMaxAnswer   = 16 << 20
	DefaultUserAgent   = "accesshook (+https://github.com/accesshook/accesshook)"
)

// Config says how requests are sent. A zero field other than Name and BaseURL means the
// default of its name.
type Config struct {
	// Name begins every error: "unlocapi".
	Name string
	// BaseURL begins the URL of every request. It is https, or http to a loopback
	// address, without a user, a query and a fragment.
	BaseURL string
	// HTTPClient sends the requests, but never follows a redirect. It is not changed. Nil
	// means a client with http.DefaultTransport.
	HTTPClient *http.Client
	// Timeout bounds one attempt, with its answer.
	Timeout time.Duration
	// MaxAttempts is how often a request is sent at most. 1: never again.
	MaxAttempts int
	// MaxWait is the longest pause between two attempts. An answer with a longer
	// Retry-After is returned at once.
	MaxWait time.Duration
	// MaxAnswer bounds the body of an answer, in bytes after decompression.
	MaxAnswer int64
	UserAgent string
}

// A Client sends requests. It is safe for concurrent use.
type Client struct {
	config Config
	http   http.Client
}

// New returns a Client. The error names the field that is wrong, and never holds a part
// of BaseURL.
func New(c Config) (*Client, error) {
	c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	if err := checkBaseURL(c.BaseURL); err != nil {
		return nil, fmt.Errorf("%s: Config.BaseURL %w", c.Name, err)
	}
	if strings.ContainsFunc(c.UserAgent, func(r rune) bool { return r < ' ' || r > '~' }) {
		return nil, fmt.Errorf("%s: Config.UserAgent has characters other than visible ASCII", c.Name)
	}
	for name, negative := range map[string]bool{
		"Timeout": c.Timeout < 0, "MaxAttempts": c.MaxAttempts < 0, "MaxWait": c.MaxWait < 0, "MaxAnswer": c.MaxAnswer < 0,
	} {
		if negative {
			return nil, fmt.Errorf("%s: Config.%s is negative", c.Name, name)
		}
	}
	c.Timeout = cmp.Or(c.Timeout, DefaultTimeout)
	c.MaxAttempts = cmp.Or(c.MaxAttempts, DefaultMaxAttempts)
	c.MaxWait = cmp.Or(c.MaxWait, DefaultMaxWait)
	c.MaxAnswer = cmp.Or(c.MaxAnswer, DefaultMaxAnswer)
	c.UserAgent = cmp.Or(c.UserAgent, DefaultUserAgent)
	c.MaxAnswer = min(c.MaxAnswer, math.MaxInt64-1)

	client := &Client{config: c}
	if c.HTTPClient != nil {
		client.http = *c.HTTPClient
	}
	// Another host would get the credentials.
	client.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return client, nil
}

func checkBaseURL(s string) error {
	u, err := url.Parse(s)
	switch {
	case s == "":
		return errors.New("is empty")
	case err != nil || u.Hostname() == "" || u.Opaque != "":
		return errors.New("is no URL with a host") // err has the URL
	case u.User != nil:
		return errors.New("has a user or a password")
	case strings.ContainsAny(s, "?#"):
		return errors.New("has a query or a fragment")
	case u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())):
		return errors.New("is neither https, nor http to a loopback address: the credentials would be readable on the way")
	}
	return nil
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback() || strings.EqualFold(host, "localhost")
}
