package receive

import (
	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/examples/gateway/internal/metrics"
	"github.com/accesshook/accesshook/verify"
)

// An Endpoint receives the webhooks of one vendor. Its credentials can be replaced while
// it runs.
type Endpoint struct {
	*verify.Endpoint
	Metrics *metrics.Endpoint
	vendor  vendor
}

// NewEndpoint returns the endpoint of a vendor. c is what all endpoints share. An error
// never holds a credential.
func NewEndpoint(name string, credentials envsecret.Values, c verify.Config, m *metrics.Metrics) (*Endpoint, error) {
	v := vendors[name]
	e := &Endpoint{Metrics: m.Endpoint(name, v.types()), vendor: v}
	c.Observe = e.Metrics.Observe
	var err error
	e.Endpoint, err = v.endpoint(credentials, c)
	return e, err
}

// SetCredentials replaces the credentials. If they are refused, the old ones stay.
func (e *Endpoint) SetCredentials(credentials envsecret.Values) error {
	verifier, err := e.vendor.verifier(credentials)
	if err != nil {
		return err
	}
	e.SetVerifier(verifier)
	return nil
}

// Path returns the path of a vendor's endpoint.
func Path(vendor string) string { return "/webhooks/" + vendor }
