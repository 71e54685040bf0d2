package otlp

import (
	"maps"
	"math"
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/accesshook/accesshook/event"
)

// The numbers of the fields that are written. See
// https://github.com/open-telemetry/opentelemetry-proto/tree/v1.11.0/opentelemetry/proto.
const (
	requestResourceLogs = 1

	resourceLogsResource  = 1
	resourceLogsScopeLogs = 2

	resourceAttributes = 1

	scopeLogsScope      = 1
	scopeLogsLogRecords = 2
	scopeLogsSchemaURL  = 3

	scopeName = 1

	recordTime         = 1
	recordSeverity     = 2
	recordSeverityText = 3
	recordBody         = 5
	recordAttributes   = 6
	recordObservedTime = 11
	recordEventName    = 12

	keyValueKey   = 1
	keyValueValue = 2

	valueString = 1
	valueDouble = 4
)

// Append appends e as a LogRecord of the protobuf form of OTLP, without its length. On an
// error it returns dst as it was. It fails for a nil event, one without ID or Vendor, and
// one with a time outside the years 0 to 9999.
func Append(dst []byte, e *event.Event) ([]byte, error) {
	r, err := newRecord(e)
	if err != nil {
		return dst, err
	}
	b := appendTime(dst, recordTime, r.time)
	if r.severity != 0 {
		b = protowire.AppendTag(b, recordSeverity, protowire.VarintType)
		b = protowire.AppendVarint(b, uint64(r.severity))
	}
	if r.severityText != "" {
		b = appendString(b, recordSeverityText, r.severityText)
	}
	b = appendMessage(b, recordBody, func(b []byte) []byte { return appendString(b, valueString, r.body) })
	for _, a := range r.attributes {
		b = appendAttribute(b, recordAttributes, a)
	}
	b = appendTime(b, recordObservedTime, r.observed)
	return appendString(b, recordEventName, r.name), nil
}

// A Resource has the attributes of what sends the records, such as "service.name" and
// "deployment.environment.name".
type Resource map[string]string

// AppendRequest appends an ExportLogsServiceRequest with records that [Append] has
// written. It is the body of a POST to the path /v1/logs, with the Content-Type
// application/x-protobuf. The answer is an ExportLogsServiceResponse. See
// https://opentelemetry.io/docs/specs/otlp/#otlphttp-request.
func AppendRequest(dst []byte, r Resource, records ...[]byte) []byte {
	return appendMessage(dst, requestResourceLogs, func(b []byte) []byte {
		b = appendMessage(b, resourceLogsResource, func(b []byte) []byte {
			for _, key := range slices.Sorted(maps.Keys(r)) {
				b = appendAttribute(b, resourceAttributes, attribute.String(valid(key), valid(r[key])))
			}
			return b
		})
		return appendMessage(b, resourceLogsScopeLogs, func(b []byte) []byte {
			b = appendMessage(b, scopeLogsScope, func(b []byte) []byte { return appendString(b, scopeName, scope) })
			for _, record := range records {
				b = protowire.AppendTag(b, scopeLogsLogRecords, protowire.BytesType)
				b = protowire.AppendBytes(b, record)
			}
			return appendString(b, scopeLogsSchemaURL, schemaURL)
		})
	})
}

// appendMessage appends a message with the fields that fill appends.
func appendMessage(b []byte, field protowire.Number, fill func([]byte) []byte) []byte {
	b = protowire.AppendTag(b, field, protowire.BytesType)
	begin := len(b)
	b = fill(b)
	var length [10]byte
	return slices.Insert(b, begin, protowire.AppendVarint(length[:0], uint64(len(b)-begin))...)
}

func appendString(b []byte, field protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), s)
}

func appendTime(b []byte, field protowire.Number, t time.Time) []byte {
	if t.IsZero() {
		return b
	}
	return protowire.AppendFixed64(protowire.AppendTag(b, field, protowire.Fixed64Type), uint64(t.UnixNano()))
}

func appendAttribute(b []byte, field protowire.Number, a attribute.KeyValue) []byte {
	return appendMessage(b, field, func(b []byte) []byte {
		b = appendString(b, keyValueKey, string(a.Key))
		return appendMessage(b, keyValueValue, func(b []byte) []byte {
			if a.Value.Type() == attribute.FLOAT64 {
				b = protowire.AppendTag(b, valueDouble, protowire.Fixed64Type)
				return protowire.AppendFixed64(b, math.Float64bits(a.Value.AsFloat64()))
			}
			return appendString(b, valueString, a.Value.AsString())
		})
	})
}
