// Package otlp sends events to what takes logs of OpenTelemetry: a collector, VictoriaLogs,
// Splunk, Elastic, Datadog, Grafana, and many others. It sends protobuf over HTTP.
//
//	sink, err := otlp.New(otlp.Config{
//		URL:     "https://otlp.example.com",
//		Headers: map[string]event.Secret{"Api-Key": event.NewSecret(key)},
//	})
//
// For VictoriaLogs the URL is http://127.0.0.1:9428/insert/opentelemetry. What the records
// hold is described at [github.com/accesshook/accesshook/event/otlp].
//
// # What comes twice
//
// OTLP has no IDs that a server must look at. An event that is sent again is a second
// record, with the same attribute log.record.uid.
//
// # What is lost
//
// A request that is refused for good, with a status such as 400, is sent again in halves,
// so that only the record that is refused alone is [event.Permanent].
//
// A server may also take a request and reject some of its records: its answer has their
// number, and does not say which. If it rejected all, they are known, and permanent.
// Otherwise the request is sent in halves as well. The standard says not to send such a
// request again. This sink does so nevertheless, since who does not either loses events
// without a trace, or takes for lost what the server has. What the server took before
// comes twice then.
//
// See https://opentelemetry.io/docs/specs/otlp/#otlphttp.
package otlp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/otlp"
	"github.com/accesshook/accesshook/examples/sinks/internal/post"
)

// Defaults of [Config].
const (
	DefaultMaxBytes  = 4 << 20
	DefaultMaxEvents = 1000
	DefaultTimeout   = 30 * time.Second
)

// Config says where events are sent. Only URL is required.
type Config struct {
	// URL is the address of the server. Requests go to the path v1/logs below it. It may
	// end with /v1/logs. It has no user or password.
	URL string
	// Authorization is the value of that header, such as "Bearer " and a token.
	Authorization event.Secret
	// Headers are further headers, for a server that wants its credential in one of
	// another name.
	Headers map[string]event.Secret
	// CAFile has the certificates of the authorities that are trusted, in PEM. Empty: those
	// of the system.
	CAFile string
	// Resource has the attributes of what sends the events. Nil: "service.name" is
	// "accesshook".
	Resource otlp.Resource
	// MaxBytes and MaxEvents bound one request. A larger event is sent alone. Zero: 4 MiB
	// and 1000.
	MaxBytes, MaxEvents int
	// Timeout bounds one request with its answer. Zero: 30 seconds.
	Timeout time.Duration
}

// A Sink sends events as log records. It is safe for concurrent use.
type Sink struct {
	client   *post.Client
	batch    post.Batch
	headers  map[string]event.Secret
	resource otlp.Resource
}

const name = "otlp"

// New returns a Sink. It sends nothing.
func New(c Config) (*Sink, error) {
	if c.MaxBytes < 0 || c.MaxEvents < 0 {
		return nil, errors.New(name + ": Config.MaxBytes or Config.MaxEvents is negative")
	}
	headers, err := checkHeaders(c.Headers)
	if err != nil {
		return nil, err
	}
	client, err := post.New(post.Config{
		Name: name, URL: c.URL, Path: "/v1/logs", Authorization: c.Authorization, OtherCredentials: len(headers) > 0,
		CAFile: c.CAFile, Timeout: cmp.Or(c.Timeout, DefaultTimeout),
	})
	if err != nil {
		return nil, err
	}
	s := &Sink{client: client, headers: headers, resource: maps.Clone(c.Resource)}
	if s.resource == nil {
		s.resource = otlp.Resource{"service.name": "accesshook"}
	}
	s.batch = post.Batch{
		MaxEvents: cmp.Or(c.MaxEvents, DefaultMaxEvents), MaxBytes: cmp.Or(c.MaxBytes, DefaultMaxBytes),
		Encode: otlp.Append, Post: s.post,
	}
	return s, nil
}

// Send sends events, several in one request.
func (s *Sink) Send(ctx context.Context, events []*event.Event) []error {
	return s.batch.Send(ctx, events)
}

// Close closes connections.
func (s *Sink) Close() error {
	s.client.Close()
	return nil
}

// post sends records and returns one error for all, or each if all were rejected.
func (s *Sink) post(ctx context.Context, records [][]byte) ([]error, error) {
	header := http.Header{"Content-Type": {protobuf}}
	for name, value := range s.headers {
		text, _ := value.Reveal()
		header.Set(name, text)
	}
	body := otlp.AppendRequest(nil, s.resource, records...)
	a, err := s.client.Post(ctx, header, body)
	if err == nil {
		err = cmp.Or(s.client.Check(a), a.Err)
	}
	if err != nil {
		return nil, err
	}
	n, ok := rejected(a)
	switch {
	case !ok:
		return nil, s.client.Unexpected()
	case n == 0:
		return nil, nil
	}
	err = event.Permanent(s.client.Error(fmt.Sprintf("rejected %d of %d records", n, len(records))))
	if n < int64(len(records)) {
		return nil, err // halves are sent
	}
	return slices.Repeat([]error{err}, len(records)), nil
}
