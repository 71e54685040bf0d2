package loginradius

import (
	"fmt"
	"net/http"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/credential"
	"github.com/accesshook/accesshook/internal/timestamp"
	"github.com/accesshook/accesshook/verify"
)

// Vendor is Event.Vendor of LoginRadius's events.
const Vendor = "loginradius"

// SignatureHeader holds the signature of a request.
const SignatureHeader = "Signature"

// DefaultMaxBody is the largest body, in bytes, unless Config.Endpoint says
// otherwise. A profile with many linked identities is far larger than the bodies of
// other vendors.
const DefaultMaxBody = 1 << 20

// Config says how LoginRadius's webhooks are received.
type Config struct {
	// Secrets are API secrets of at least 16 bytes each: secondary ones with webhook
	// access, or the primary one. A request may be signed with any of them, so that a
	// secret can be replaced without a gap. Required.
	Secrets []event.Secret
	// Endpoint is what the endpoints of all vendors share. A zero MaxBody means
	// [DefaultMaxBody]. Set Also for a webhook with Basic or Bearer authentication.
	Endpoint verify.Config
	// TimeLayouts are layouts of package time, such as "1/2/2006 3:04:05 PM", for times
	// that [verify.Unmarshal] does not read. They are tried first. A time without a zone
	// is UTC. Only New uses them, not Decode.
	TimeLayouts []string
}

// New returns an endpoint for LoginRadius's webhooks. The error names the field that is
// wrong.
func New(c Config) (*verify.Endpoint, error) {
	v, err := newVerifier("Config.Secrets", c.Secrets)
	if err != nil {
		return nil, err
	}
	for i, layout := range c.TimeLayouts {
		if err := timestamp.CheckLayout(layout); err != nil {
			return nil, fmt.Errorf("loginradius: Config.TimeLayouts[%d]: %w", i, err)
		}
	}
	d := decoder{timestamp.Format{Layouts: c.TimeLayouts}}
	if c.Endpoint.MaxBody == 0 {
		c.Endpoint.MaxBody = DefaultMaxBody
	}
	return verify.NewEndpoint(verify.Definition{
		Vendor:   Vendor,
		Verifier: v,
		Decode:   func(_ http.Header, body []byte) (*event.Event, error) { return d.decode(body) },
		Config:   c.Endpoint,
	})
}

// NewVerifier returns a verifier for requests that are signed with any of the
// secrets, to use on its own or to replace the secrets of a running endpoint:
//
//	hook.SetVerifier(verifier)
func NewVerifier(secrets ...event.Secret) (verify.Verifier, error) {
	return newVerifier("secrets", secrets)
}

// newVerifier calls the secrets field in its errors.
func newVerifier(field string, secrets []event.Secret) (verify.Verifier, error) {
	if err := credential.CheckAll("loginradius: "+field, secrets, credential.MinKey); err != nil {
		return nil, err
	}
	v, err := verify.NewSigned(verify.SignedConfig{Header: SignatureHeader, Secrets: secrets})
	if err != nil {
		return nil, fmt.Errorf("loginradius: %w", err)
	}
	return v, nil
}
