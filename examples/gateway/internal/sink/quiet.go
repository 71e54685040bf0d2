package sink

import (
	"context"
	"log/slog"
	"slices"
	"strings"
)

// Quiet returns the log of a store without the records of single events that could not be
// sent to a sink: the sink reports them, once in a while.
func Quiet(log *slog.Logger) *slog.Logger { return slog.New(quiet{log.Handler()}) }

type quiet struct{ slog.Handler }

// ofEvents are records of package durable about one attempt of a consumer.
var ofEvents = []string{"durable: callback failed", "durable: dead letter"}

// Handle implements [slog.Handler].
func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	if slices.Contains(ofEvents, r.Message) {
		ofSink := false
		r.Attrs(func(a slog.Attr) bool {
			ofSink = a.Key == "consumer" && strings.HasPrefix(a.Value.String(), ConsumerPrefix)
			return !ofSink
		})
		if ofSink {
			return nil
		}
	}
	return q.Handler.Handle(ctx, r)
}

// WithAttrs implements [slog.Handler].
func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(attrs)} }

// WithGroup implements [slog.Handler].
func (q quiet) WithGroup(name string) slog.Handler { return quiet{q.Handler.WithGroup(name)} }
