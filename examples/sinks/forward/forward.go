// Package forward sends events to another service as CloudEvents over HTTP, one in a
// request, in the structured mode.
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
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/examples/sinks/internal/post"
)

// DefaultTimeout is the default of [Config].
const DefaultTimeout = 30 * time.Second

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
	// Timeout bounds one request with its answer. Zero: 30 seconds.
	Timeout time.Duration
}

// A Sink sends events to another service. It is safe for concurrent use.
type Sink struct {
	client *post.Client
	batch  post.Batch
}

const name = "forward"

// New returns a Sink. It sends nothing.
func New(c Config) (*Sink, error) {
	client, err := post.New(post.Config{
		Name: name, URL: c.URL, Authorization: c.Authorization,
		CAFile: c.CAFile, Timeout: cmp.Or(c.Timeout, DefaultTimeout),
		MaxAnswer: 64 << 10,
	})
	if err != nil {
		return nil, err
	}
	s := &Sink{client: client}
	s.batch = post.Batch{MaxEvents: 1, Encode: cloudevent.Append, Post: s.post}
	return s, nil
}

// Send sends events, one after another.
func (s *Sink) Send(ctx context.Context, events []*event.Event) []error {
	return s.batch.Send(ctx, events)
}

// Close closes connections.
func (s *Sink) Close() error {
	s.client.Close()
	return nil
}

var header = http.Header{"Content-Type": {cloudevent.ContentType}}

// post sends the only document of a request.
func (s *Sink) post(ctx context.Context, documents [][]byte) ([]error, error) {
	a, err := s.client.Post(ctx, header, documents[0])
	if err != nil {
		return nil, err
	}
	return nil, s.client.Check(a)
}
