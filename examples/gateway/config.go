package main

import (
	"log/slog"
	"time"

	"github.com/accesshook/accesshook/verify"
)

// config returns the configuration of an endpoint. De-duplication is not here, in Wrap,
// but in the pipeline: it belongs behind the queue.
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

// endpointTimeout is how long an endpoint waits for its handler before it answers.
func (o *options) endpointTimeout() time.Duration {
	if o.store.used() {
		return storingTimeout // the endpoint does not wait for callbacks
	}
	return o.handlerTimeout
}
