package unloc

import (
	"fmt"
	"net/http"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/credential"
	"github.com/accesshook/accesshook/verify"
)

// Vendor is Event.Vendor of Unloc's events.
const Vendor = "unloc"

// Config says how Unloc's webhooks are received.
type Config struct {
	// Credentials are the users and passwords in the URLs that were registered with
	// Unloc. A request may come with any of them, so that a password can be replaced
	// without a gap. All of them belong to one owner. Required.
	//
	// Characters that Unloc asks not to use are accepted, except a colon in the user:
	// a registration that works keeps working. [URL] refuses them for a new one.
	Credentials []verify.Credential
	// Endpoint is what the endpoints of all vendors share.
	Endpoint verify.Config
}

// New returns an endpoint for Unloc's webhooks. The error names the field that is wrong.
func New(c Config) (*verify.Endpoint, error) {
	v, err := newVerifier("Config.Credentials", c.Credentials)
	if err != nil {
		return nil, err
	}
	return verify.NewEndpoint(verify.Definition{
		Vendor:   Vendor,
		Verifier: v,
		Decode:   func(_ http.Header, body []byte) (*event.Event, error) { return Decode(body) },
		Config:   c.Endpoint,
	})
}

// NewVerifier returns a verifier for requests with any of the credentials, for
// [verify.Endpoint.SetVerifier] or for use on its own.
func NewVerifier(credentials ...verify.Credential) (verify.Verifier, error) {
	return newVerifier("credentials", credentials)
}

// newVerifier calls the credentials field in its errors.
func newVerifier(field string, credentials []verify.Credential) (verify.Verifier, error) {
	if len(credentials) == 0 {
		return nil, fmt.Errorf("unloc: %s is empty", field)
	}
	for i, c := range credentials {
		if err := credential.CheckAccount(fmt.Sprintf("unloc: %s[%d]", field, i), c.User, c.Password); err != nil {
			return nil, err
		}
	}
	v, err := verify.NewBasicAuth(credentials...)
	if err != nil {
		return nil, fmt.Errorf("unloc: %w", err)
	}
	return v, nil
}
