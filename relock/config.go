package relock

import (
	"fmt"
	"net/http"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/credential"
	"github.com/accesshook/accesshook/verify"
)

// Vendor is Event.Vendor of Relock's events.
const Vendor = "relock"

// SignatureHeader holds the signature of a request.
const SignatureHeader = "X-Relock-Signature"

// Config says how Relock's webhooks are received.
type Config struct {
	// Secrets are the webhook secrets, of at least 16 bytes each. A request may be
	// signed with any of them, so that a secret can be replaced without a gap. Required.
	Secrets []event.Secret
	// Endpoint is what the endpoints of all vendors share.
	Endpoint verify.Config
}

// New returns an endpoint for Relock's webhooks. The error names the field that
// is wrong.
func New(c Config) (*verify.Endpoint, error) {
	v, err := newVerifier("Config.Secrets", c.Secrets)
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

// NewVerifier returns a verifier for requests that are signed with any of the
// secrets, to use on its own or to replace the secrets of a running endpoint:
//
//	hook.SetVerifier(verifier)
func NewVerifier(secrets ...event.Secret) (verify.Verifier, error) {
	return newVerifier("secrets", secrets)
}

// newVerifier calls the secrets field in its errors.
func newVerifier(field string, secrets []event.Secret) (verify.Verifier, error) {
	if err := credential.CheckAll("relock: "+field, secrets, credential.MinKey); err != nil {
		return nil, err
	}
	v, err := verify.NewSigned(verify.SignedConfig{Header: SignatureHeader, Secrets: secrets})
	if err != nil {
		return nil, fmt.Errorf("relock: %w", err)
	}
	return v, nil
}
