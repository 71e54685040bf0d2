package loginradiusapi

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/apiclient"
	"github.com/accesshook/accesshook/internal/credential"
)

// DefaultBaseURL is where LoginRadius's API is.
const DefaultBaseURL = "https://api.loginradius.com"

// maxAnswer is far more than LoginRadius has to say about webhooks, in bytes.
const maxAnswer = 4 << 20

// Config says how LoginRadius's API is called.
type Config struct {
	// APIKey names the site, and APISecret is its primary API secret, or one that may
	// manage webhooks. Required.
	APIKey    event.Secret
	APISecret event.Secret
	// BaseURL is https, or http to a loopback address. Empty means [DefaultBaseURL].
	BaseURL string
	// HTTPClient sends the requests. Redirects are never followed. Nil means a client with
	// [http.DefaultTransport].
	HTTPClient *http.Client
	// Timeout bounds one attempt, with its answer. Zero means 30 seconds.
	Timeout time.Duration
	// MaxAttempts is how often a request is sent at most. [Client.Create] is sent again
	// only if LoginRadius surely did not work on it. Zero means 4.
	MaxAttempts int
	// UserAgent is sent with every request. Empty means one that names accesshook.
	UserAgent string
}

// A Client calls LoginRadius's API. It is safe for concurrent use.
type Client struct {
	api         *apiclient.Client
	key, secret event.Secret
}

// New returns a Client. The error names the field that is wrong.
func New(c Config) (*Client, error) {
	if err := credential.Check("loginradiusapi: Config.APIKey", c.APIKey, 0); err != nil {
		return nil, err
	}
	if err := credential.Check("loginradiusapi: Config.APISecret", c.APISecret, 0); err != nil {
		return nil, err
	}
	api, err := apiclient.New(apiclient.Config{
		Name: "loginradiusapi", BaseURL: cmp.Or(c.BaseURL, DefaultBaseURL), HTTPClient: c.HTTPClient,
		Timeout: c.Timeout, MaxAttempts: c.MaxAttempts, MaxAnswer: maxAnswer, UserAgent: c.UserAgent,
	})
	if err != nil {
		return nil, err
	}
	return &Client{api: api, key: c.APIKey, secret: c.APISecret}, nil
}

const webhooksPath = "/v2/manage/webhooks"

// Events returns the names of the events that one can subscribe to, as LoginRadius writes
// them: "Login".
func (c *Client) Events(ctx context.Context) ([]string, error) {
	elements, a, err := c.list(ctx, webhooksPath+"/events")
	if err != nil {
		return nil, err
	}
	names := make([]string, len(elements))
	for i, element := range elements {
		if json.Unmarshal(element, &names[i]) != nil {
			return nil, unexpected(a, "an event is no string")
		}
	}
	return names, nil
}

// Webhooks returns all subscriptions of the site, with those that LoginRadius's own
// integrations have made.
func (c *Client) Webhooks(ctx context.Context) ([]Subscription, error) {
	elements, a, err := c.list(ctx, webhooksPath)
	if err != nil {
		return nil, err
	}
	all := make([]Subscription, len(elements))
	for i, element := range elements {
		s, err := parse(element)
		if err != nil {
			return nil, unexpected(a, "a subscription is no object")
		}
		all[i] = *s
	}
	return all, nil
}

// Create makes a subscription. Event and TargetURL are required; ID, the dates and
// IsIntegrationWebhook are not sent. An error that is not an [*Error] with a Status of 400
// to 499 can mean that it was made: the answer was lost, or is that of a gateway which gave
// up (502, 504), or not what a success looks like.
//
// The error matches [ErrAlreadySubscribed] or [ErrTooMany] if that is the reason.
func (c *Client) Create(ctx context.Context, s Subscription) (*Subscription, error) {
	if err := s.check("Subscription"); err != nil {
		return nil, err
	}
	w := s.wire()
	w.Event = s.Event
	return c.subscription(ctx, http.MethodPost, "", w, s.secrets())
}

// Get returns a subscription. The error matches [ErrNotFound] if there is none.
func (c *Client) Get(ctx context.Context, id string) (*Subscription, error) {
	path, err := pathOf(id)
	if err != nil {
		return nil, err
	}
	return c.subscription(ctx, http.MethodGet, path, nil, nil)
}

// Update changes the settings of a subscription: TargetURL, Name, SecretName, Headers,
// QueryParams and Authentication. Those that are empty or nil are not sent, and stay as
// they are, most likely. An empty map that is not nil removes all. The event of a
// subscription cannot be changed.
//
// What [Client.Get] returns lacks the password: set it, or set Authentication to nil. The
// error matches [ErrNotFound] if there is no such subscription.
func (c *Client) Update(ctx context.Context, id string, s Subscription) (*Subscription, error) {
	path, err := pathOf(id)
	if err != nil {
		return nil, err
	}
	if err := s.checkSettings("Subscription"); err != nil {
		return nil, err
	}
	return c.subscription(ctx, http.MethodPut, path, s.wire(), s.secrets())
}

// Delete removes a subscription. The error matches [ErrNotFound] if there is none. If the
// first attempt got no answer, that may be what it did.
func (c *Client) Delete(ctx context.Context, id string) error {
	path, err := pathOf(id)
	if err != nil {
		return err
	}
	a, err := c.do(ctx, http.MethodDelete, webhooksPath+path, nil, nil)
	if err != nil {
		return err
	}
	if isKept(a.Body) {
		return unexpected(a, "it was not deleted")
	}
	return nil
}

func pathOf(id string) (string, error) {
	if id == "" {
		return "", errors.New("loginradiusapi: the ID of the subscription is empty")
	}
	return "/" + url.PathEscape(id), nil
}

// list returns the elements of an answer that is a list. One that has none in the
// documented place is an error: to take it for empty would make Ensure do harm.
func (c *Client) list(ctx context.Context, path string) ([]json.RawMessage, *apiclient.Answer, error) {
	a, err := c.do(ctx, http.MethodGet, path, nil, nil)
	if err != nil {
		return nil, nil, err
	}
	body := bytes.TrimSpace(bytes.TrimPrefix(a.Body, []byte("\ufeff")))
	if !bytes.HasPrefix(body, []byte("[")) {
		var envelope struct{ Data json.RawMessage }
		if json.Unmarshal(body, &envelope) != nil || envelope.Data == nil {
			return nil, nil, unexpected(a, "the answer has no Data")
		}
		body = envelope.Data
	}
	var elements []json.RawMessage
	if json.Unmarshal(body, &elements) != nil {
		return nil, nil, unexpected(a, "Data is no list")
	}
	return elements, a, nil
}

// subscription sends a request that is answered with a subscription.
func (c *Client) subscription(ctx context.Context, method, path string, body *wire, secrets []event.Secret) (*Subscription, error) {
	a, err := c.do(ctx, method, webhooksPath+path, body, secrets)
	if err != nil {
		return nil, err
	}
	s, err := parse(a.Body)
	if err != nil {
		return nil, unexpected(a, "the answer is no JSON object")
	}
	return s, nil
}

// do sends a request, and makes an error of an answer that is no success.
func (c *Client) do(ctx context.Context, method, path string, body *wire, secrets []event.Secret) (*apiclient.Answer, error) {
	key, _ := c.key.Reveal()
	secret, _ := c.secret.Reveal()
	r := apiclient.Request{
		Method: method, Path: path,
		Query:   url.Values{"apikey": {key}, "apisecret": {secret}},
		Secrets: append([]event.Secret{c.key, c.secret}, secrets...),
	}
	if body != nil {
		var err error
		if r.Body, err = json.Marshal(body); err != nil {
			return nil, errors.New("loginradiusapi: cannot encode the request") // never happens
		}
	}
	a, err := c.api.Do(ctx, r)
	if err != nil {
		return nil, err
	}
	return a, errorOf(a)
}
