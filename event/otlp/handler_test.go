package otlp_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log/noop"
	sdk "go.opentelemetry.io/otel/sdk/log"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	common "go.opentelemetry.io/proto/slim/otlp/common/v1"
	logs "go.opentelemetry.io/proto/slim/otlp/logs/v1"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/otlp"
	"github.com/accesshook/accesshook/internal/encodertest"
)

// An exporter keeps what the SDK exports.
type exporter struct {
	mu      sync.Mutex
	records []sdk.Record
}

func (x *exporter) Export(_ context.Context, records []sdk.Record) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, r := range records {
		x.records = append(x.records, r.Clone())
	}
	return nil
}

func (*exporter) Shutdown(context.Context) error   { return nil }
func (*exporter) ForceFlush(context.Context) error { return nil }

// toProtobuf is what an exporter of the SDK makes of a record.
func toProtobuf(r sdk.Record) *logs.LogRecord {
	out := &logs.LogRecord{
		EventName: r.EventName(), SeverityNumber: logs.SeverityNumber(r.Severity()), SeverityText: r.SeverityText(),
		ObservedTimeUnixNano: uint64(r.ObservedTimestamp().UnixNano()),
		Body:                 &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: r.Body().AsString()}},
	}
	if !r.Timestamp().IsZero() {
		out.TimeUnixNano = uint64(r.Timestamp().UnixNano())
	}
	r.WalkAttributes(func(a attribute.KeyValue) bool {
		v := &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: a.Value.AsString()}}
		if a.Value.Type() == attribute.FLOAT64 {
			v.Value = &common.AnyValue_DoubleValue{DoubleValue: a.Value.AsFloat64()}
		}
		out.Attributes = append(out.Attributes, &common.KeyValue{Key: string(a.Key), Value: v})
		return true
	})
	return out
}

// What the SDK exports is what Append writes.
func TestHandler(t *testing.T) {
	x := new(exporter)
	provider := sdk.NewLoggerProvider(sdk.WithProcessor(sdk.NewSimpleProcessor(x)))
	h := otlp.Handler(provider)
	cases := encodertest.Cases(t)
	early := full()
	early.Time, early.Reason = time.Date(1960, 1, 1, 0, 0, 0, 0, time.UTC), "not UTF-8: \xff"
	cases = append(cases, encodertest.Case{Name: "full", Event: full()}, encodertest.Case{Name: "early", Event: early})
	for i, c := range cases {
		require.NoError(t, h.HandleEvent(t.Context(), c.Event), c.Name)
		require.Len(t, x.records, i+1)
		want, err := appendText(nil, c.Event)
		require.NoError(t, err)
		got, err := appendRecord(nil, toProtobuf(x.records[i]))
		require.NoError(t, err)
		assert.Equal(t, string(want), string(got), c.Name)
		assert.Zero(t, x.records[i].DroppedAttributes())
	}
	scope := x.records[0].InstrumentationScope()
	assert.Equal(t, "github.com/accesshook/accesshook/event/otlp", scope.Name)
	assert.Equal(t, semconv.SchemaURL, scope.SchemaURL)
}

func TestHandlerRefusesForEver(t *testing.T) {
	h := otlp.Handler(noop.NewLoggerProvider())
	for _, e := range []*event.Event{nil, {ID: "a"}, {Vendor: "acme"}, {ID: "a", Vendor: "acme", Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}} {
		assert.True(t, event.IsPermanent(h.HandleEvent(t.Context(), e)))
	}
	assert.NoError(t, h.HandleEvent(t.Context(), &event.Event{ID: "a", Vendor: "acme"}))
}
