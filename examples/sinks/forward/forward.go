// Package forward sends events to another service as CloudEvents over HTTP.
//
//	sink, err := forward.New(forward.Config{
//		URL:           "https://events.example.com/in",
//		Authorization: event.NewSecret("Bearer " + token),
//	})
//
// The receiver reads a request with cloudevent.DecodeRequest, or with any SDK of
// CloudEvents. It must check the credential first.
//
// An answer from 200 to 299 means that the receiver has what was sent, whatever the body
// says. 400, 413 and most others of that kind mean that it never will: the event is
// [event.Permanent]. All else is to be sent again, so an event can come twice, with the
// same id and source.
//
// See https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md.
package forward

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/examples/sinks/internal/post"
)

// Defaults of [Config].
const (
	DefaultMaxBytes  = 1 << 20
	DefaultMaxEvents = 100
	DefaultTimeout   = 30 * time.Second
)

// A Mode is how events are in a request.
type Mode int

// Modes.
const (
	// Structured requests have one event each, as application/cloudevents+json.
	Structured Mode = iota
	// Binary requests have one event each: its attributes as headers, its data as the body.
	Binary
	// Batched requests have several events, as application/cloudevents-batch+json. Not all
	// receivers take them.
	Batched
)

// Config says where events are sent. Only URL is required.
type Config struct {
	// URL is where requests are sent. It has no user or password. Errors have its host
	// alone, since its path may be a credential.
	URL string
	// Authorization is the value of that header, such as "Bearer " and a token.
	Authorization event.Secret
	// CAFile has the certificates of the authorities that are trusted, in PEM. Empty: those
	// of the system.
	CAFile string
	// InsecureHTTP allows an Authorization over http to a host other than this one.
	InsecureHTTP bool
	// Mode is Structured by default.
	Mode Mode
	// MaxBytes and MaxEvents bound a Batched request. A larger event is sent alone. Zero:
	// 1 MiB and 100.
	MaxBytes, MaxEvents int
	// Timeout bounds one request with its answer. Zero: 30 seconds.
	Timeout time.Duration
}

// A Sink sends events to another service. It is safe for concurrent use.
type Sink struct {
	client *post.Client
	batch  post.Batch
	binary bool
}

const name = "forward"

// New returns a Sink. It sends nothing.
func New(c Config) (*Sink, error) {
	switch {
	case c.Mode < Structured || c.Mode > Batched:
		return nil, errors.New(name + ": Config.Mode is not one of this package")
	case c.MaxBytes < 0 || c.MaxEvents < 0:
		return nil, errors.New(name + ": Config.MaxBytes or Config.MaxEvents is negative")
	case c.Mode != Batched && (c.MaxBytes > 0 || c.MaxEvents > 0):
		return nil, errors.New(name + ": Config.MaxBytes and Config.MaxEvents have no effect without the mode Batched")
	}
	client, err := post.New(post.Config{
		Name: name, URL: c.URL, Authorization: c.Authorization,
		CAFile: c.CAFile, InsecureHTTP: c.InsecureHTTP, Timeout: cmp.Or(c.Timeout, DefaultTimeout),
		MaxAnswer: 64 << 10,
	})
	if err != nil {
		return nil, err
	}
	s := &Sink{client: client, binary: c.Mode == Binary}
	s.batch = post.Batch{MaxEvents: 1, MaxBytes: DefaultMaxBytes, Encode: cloudevent.Append, Post: s.postOne}
	if c.Mode == Batched {
		s.batch.MaxEvents, s.batch.MaxBytes = cmp.Or(c.MaxEvents, DefaultMaxEvents), cmp.Or(c.MaxBytes, DefaultMaxBytes)
		s.batch.Post = s.postBatch
	}
	return s, nil
}

// Send sends events, one after another or several in one request.
func (s *Sink) Send(ctx context.Context, events []*event.Event) []error {
	b := s.batch
	if s.binary {
		var headers []http.Header // of the events that are encoded and not sent yet
		b.Encode = func(dst []byte, e *event.Event) ([]byte, error) {
			h := make(http.Header)
			dst, err := cloudevent.AppendMessage(dst, h, e)
			if err == nil {
				headers = append(headers, h)
			}
			return dst, err
		}
		b.Post = func(ctx context.Context, documents [][]byte) ([]error, error) {
			h := headers[0]
			headers = headers[1:]
			return nil, s.post(ctx, h, documents[0])
		}
	}
	return b.Send(ctx, events)
}

// Close closes connections.
func (s *Sink) Close() error {
	s.client.Close()
	return nil
}

func (s *Sink) postOne(ctx context.Context, documents [][]byte) ([]error, error) {
	return nil, s.post(ctx, http.Header{"Content-Type": {cloudevent.ContentType}}, documents[0])
}

func (s *Sink) postBatch(ctx context.Context, documents [][]byte) ([]error, error) {
	body := append([]byte{'['}, bytes.Join(documents, []byte{','})...)
	return nil, s.post(ctx, http.Header{"Content-Type": {"application/cloudevents-batch+json"}}, append(body, ']'))
}

func (s *Sink) post(ctx context.Context, header http.Header, body []byte) error {
	a, err := s.client.Post(ctx, header, body)
	if err != nil {
		return err
	}
	return s.client.Check(a)
}
