package main

import (
	"log/slog"
	"time"

	"github.com/accesshook/accesshook/verify"
)

// config returns what an endpoint is configured with. De-duplication is not here,
// in Wrap, but in the pipeline: with a queue it must be behind that.
func (o *options) config(m *endpointMetrics, log *slog.Logger) (verify.Config, error) {
	client, err := o.client()
	if err != nil {
		return verify.Config{}, err
	}
	return verify.Config{
		MaxBody:         o.maxBody,
		MaxUnverified:   o.maxUnverified,
		BodyTimeout:     o.bodyTimeout,
		HandlerTimeout:  o.endpointTimeout(),
		MaxAge:          o.maxAge,
		MaxFuture:       o.maxFuture,
		ClientIP:        client,
		AllowFrom:       o.allowFrom,
		AllowFromReport: o.allowFromReport,
		RateLimit:       o.rate.limit(),
		Logger:          log,
		Observe:         m.observe,
	}, nil
}

// endpointTimeout is how long handling an event may take before it is answered.
func (o *options) endpointTimeout() time.Duration {
	if o.store.used() {
		return storingTimeout // the endpoint does not wait for callbacks
	}
	return o.handlerTimeout
}
