// Package receive leads webhooks from the vendors' endpoints to the callbacks: directly,
// through a queue, or through a store.
package receive

import (
	"context"

	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/examples/gateway/internal/metrics"
	"github.com/accesshook/accesshook/examples/internal/vendors"
	"github.com/accesshook/accesshook/verify"
)

// An Endpoint receives the webhooks of one vendor. Its credentials can be replaced while
// it runs.
type Endpoint struct {
	*verify.Endpoint
	Metrics *metrics.Endpoint
	vendor  vendors.Vendor
}

// NewEndpoint returns the endpoint of a vendor. c is what all endpoints share; its Observe
// is called after that of the metrics. An error never holds a credential.
func NewEndpoint(v vendors.Vendor, credentials envsecret.Values, c verify.Config, m *metrics.Metrics) (*Endpoint, error) {
	e := &Endpoint{Metrics: m.Endpoint(v.Name, v.Types()), vendor: v}
	c.Observe = both(e.Metrics.Observe, c.Observe)
	var err error
	e.Endpoint, err = v.New(credentials, c)
	return e, err
}

type observe = func(context.Context, verify.Observation)

// both calls two observers. The second may be nil.
func both(first, second observe) observe {
	if second == nil {
		return first
	}
	return func(ctx context.Context, o verify.Observation) {
		first(ctx, o)
		second(ctx, o)
	}
}

// SetCredentials replaces the credentials. If they are refused, the old ones stay.
func (e *Endpoint) SetCredentials(credentials envsecret.Values) error {
	verifier, err := e.vendor.Verifier(credentials)
	if err != nil {
		return err
	}
	e.SetVerifier(verifier)
	return nil
}

// Path returns the path of the endpoint.
func (e *Endpoint) Path() string { return e.vendor.Path() }
