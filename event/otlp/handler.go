package otlp

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"

	"github.com/accesshook/accesshook/event"
)

// Handler returns a handler that emits a log record for each event, through a logger of
// p. It is safe for concurrent use if p is, as those of the SDK are.
//
// HandleEvent returns nil once the logger has the record. The API has no answer: whether
// the record arrives, the SDK's processor and exporter know alone. A batch processor drops
// records while its queue is full. For events that must arrive, send requests of your own
// and look at their answer; see [AppendRequest].
//
// HandleEvent fails for an event that [Append] refuses, with an error that is marked
// [event.Permanent].
func Handler(p log.LoggerProvider) event.Handler {
	logger := p.Logger(scope, log.WithSchemaURL(schemaURL))
	return event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
		r, err := newRecord(e)
		if err != nil {
			return event.Permanent(err)
		}
		var out log.Record
		out.SetEventName(r.name)
		out.SetTimestamp(r.time)
		out.SetObservedTimestamp(r.observed)
		out.SetSeverity(r.severity)
		out.SetSeverityText(r.severityText)
		out.SetBody(attribute.StringValue(r.body))
		out.AddAttributes(r.attributes...)
		logger.Emit(ctx, out)
		return nil
	})
}
