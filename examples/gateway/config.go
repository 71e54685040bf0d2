package main

import (
	"log/slog"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

// config returns what an endpoint is configured with. Each endpoint needs one of
// its own, because it has a memory of its own for duplicates.
func (o *options) config(m *endpointMetrics, log *slog.Logger) (verify.Config, error) {
	client, err := o.client()
	if err != nil {
		return verify.Config{}, err
	}
	c := verify.Config{
		MaxBody:         o.maxBody,
		BodyTimeout:     o.bodyTimeout,
		HandlerTimeout:  o.handlerTimeout,
		ClientIP:        client,
		AllowFrom:       o.allowFrom,
		AllowFromReport: o.allowFromReport,
		RateLimit:       verify.RateLimit{Requests: o.rate},
		Logger:          log,
		Observe:         m.observe,
	}
	if o.dedupe > 0 {
		c.Wrap = append(c.Wrap, event.Dedupe(event.DedupeConfig{Keep: o.dedupe, Logger: log, Observe: m.deduped}))
	}
	return c, nil
}
