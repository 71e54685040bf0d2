package unlocapi

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/apiclient"
	"github.com/accesshook/accesshook/internal/credential"
)

// DefaultBaseURL is the default of [Config].
const DefaultBaseURL = "https://api.unloc.app"

// A Config says which project a [Client] is for, and how it sends requests.
type Config struct {
	// ProjectID is the project whose locks and events these are. Required.
	ProjectID string
	// ClientID and ClientSecret are the credentials of an API client with the scope
	// project.admin. Required.
	ClientID     string
	ClientSecret event.Secret
	// BaseURL is where the API is: https, or http to a loopback address. Zero:
	// DefaultBaseURL.
	BaseURL string
	// HTTPClient sends the requests. It never follows a redirect. Nil: one with
	// http.DefaultTransport.
	HTTPClient *http.Client
	// Timeout limits one attempt, its answer included. Zero: 30 seconds.
	Timeout time.Duration
	// MaxAttempts is how often a request is sent that is safe to send again. A
	// Retry-After of up to a minute is obeyed. Zero: 4.
	MaxAttempts int
	// UserAgent names the program to Unloc. Zero: accesshook.
	UserAgent string
}

// A Client sends requests to the API of Unloc. It is safe for concurrent use. Make one
// with [New], and keep it: it holds the access token.
type Client struct {
	http      *apiclient.Client
	projectID string
	tokens    *tokens // a pointer, so that fmt does not read what others write
}

// New returns a Client. It sends nothing. The error names the field that is wrong.
func New(c Config) (*Client, error) {
	for _, f := range []struct {
		name  string
		value event.Secret
	}{
		{"ProjectID", event.NewSecret(c.ProjectID)}, {"ClientID", event.NewSecret(c.ClientID)}, {"ClientSecret", c.ClientSecret},
	} {
		if err := credential.Check("unlocapi: Config."+f.name, f.value, 0); err != nil {
			return nil, err
		}
	}
	if c.ProjectID == "." || c.ProjectID == ".." {
		return nil, errors.New("unlocapi: Config.ProjectID is no ID")
	}
	sender, err := apiclient.New(apiclient.Config{
		Name: "unlocapi", BaseURL: cmp.Or(c.BaseURL, DefaultBaseURL), HTTPClient: c.HTTPClient,
		Timeout: c.Timeout, MaxAttempts: c.MaxAttempts, UserAgent: c.UserAgent,
	})
	if err != nil {
		return nil, err
	}
	fetch := func(ctx context.Context) (*token, error) { return fetchToken(ctx, sender, c) }
	return &Client{http: sender, projectID: c.ProjectID, tokens: &tokens{fetch: fetch}}, nil
}

// project returns the path of something in the client's project.
func (c *Client) project(path string) string {
	return "/v2/projects/" + url.PathEscape(c.projectID) + path
}

// send sends a request with the access token. task begins the text of an [*Error].
func (c *Client) send(ctx context.Context, task string, r apiclient.Request) (*apiclient.Answer, error) {
	for renewed := false; ; renewed = true {
		t, err := c.tokens.get(ctx)
		if err != nil {
			return nil, err
		}
		r.Header = http.Header{"Authorization": {"Bearer " + t.reveal()}}
		a, err := c.http.Do(ctx, r)
		switch {
		case err != nil:
			return nil, err
		case a.IsSuccess():
			return a, nil
		case a.Status != http.StatusUnauthorized || renewed:
			return nil, newError(task, a)
		}
		c.tokens.refuse(t)
	}
}
