package relockapi

import (
	"cmp"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/apiclient"
	"github.com/accesshook/accesshook/internal/credential"
)

// DefaultBaseURL is where Relock's API is.
const DefaultBaseURL = "https://relock.host/api/v1"

// maxAnswer is far more than Relock has to say, in bytes.
const maxAnswer = 1 << 20

// Config says how Relock's API is called.
type Config struct {
	// APIKey is sent as a Bearer token. Relock's begin with "relock_sk_". Required.
	APIKey event.Secret
	// BaseURL is https, or http to a loopback address. Empty means [DefaultBaseURL].
	BaseURL string
	// HTTPClient sends the requests. Redirects are never followed. Nil means a client with
	// [http.DefaultTransport].
	HTTPClient *http.Client
	// Timeout bounds one attempt, with its answer. Zero means 30 seconds.
	Timeout time.Duration
	// MaxAttempts is how often a request is sent at most: again only if Relock surely did
	// not work on it. Zero means 4.
	MaxAttempts int
	// UserAgent is sent with every request. Empty means one that names accesshook.
	UserAgent string
}

// A Client calls Relock's API. It is safe for concurrent use.
type Client struct {
	api *apiclient.Client
	key event.Secret
}

// New returns a Client. The error names the field that is wrong.
func New(c Config) (*Client, error) {
	if err := credential.Check("relockapi: Config.APIKey", c.APIKey, 0); err != nil {
		return nil, err
	}
	key, _ := c.APIKey.Reveal()
	if strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errors.New("relockapi: Config.APIKey has a space or a character that is not ASCII")
	}
	api, err := apiclient.New(apiclient.Config{
		Name: "relockapi", BaseURL: cmp.Or(c.BaseURL, DefaultBaseURL), HTTPClient: c.HTTPClient,
		Timeout: c.Timeout, MaxAttempts: c.MaxAttempts, MaxAnswer: maxAnswer, UserAgent: c.UserAgent,
	})
	if err != nil {
		return nil, err
	}
	return &Client{api: api, key: c.APIKey}, nil
}
