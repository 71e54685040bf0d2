package durable

import (
	"context"
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A server does not answer a request that the user of the connection has no permission
// for. It sends an error that belongs to no request, which the client keeps as its last
// one and gives to the handlers of the connection.

// deniedEvery is how often a request that waits for its answer looks at that error.
const deniedEvery = 50 * time.Millisecond

// A permissionError says which permission the user of the connection lacks. It is a
// nats.ErrPermissionViolation.
type permissionError struct{ verb, subject string }

func (e *permissionError) Error() string {
	return "the user of the NATS connection lacks the permission to " + e.verb + " " + e.subject
}

func (e *permissionError) Unwrap() error { return nats.ErrPermissionViolation }

var violation = regexp.MustCompile(`(?i)permissions violation for (publish|subscription) to "([^"]+)"`)

// lacked returns what err of the client says about a permission, or nil.
func lacked(err error) *permissionError {
	if !errors.Is(err, nats.ErrPermissionViolation) {
		return nil
	}
	m := violation.FindStringSubmatch(err.Error())
	switch {
	case m == nil:
		return nil
	case strings.EqualFold(m[1], "publish"):
		return &permissionError{"publish to", m[2]}
	}
	return &permissionError{"subscribe to", m[2]}
}

// denied returns why a request to subject, or to one below it, gets no answer, or nil.
// before is the last error of the connection from before the request: one of those is
// not about it.
func denied(nc *nats.Conn, before error, subject string) *permissionError {
	now := nc.LastError()
	p := lacked(now)
	switch {
	case p == nil:
		return nil
	case p.verb == "subscribe to":
		// The client subscribes to most answers once, so this may be older.
		prefix := nc.Opts.InboxPrefix
		if prefix == "" {
			prefix = strings.TrimSuffix(nats.InboxPrefix, ".")
		}
		if strings.HasPrefix(p.subject, prefix+".") {
			return p
		}
	case now != before && (p.subject == subject || strings.HasPrefix(p.subject, subject+".")):
		return p
	}
	return nil
}

// await calls f, which sends a request to subject and waits for the answer. It ends the
// context of f, and returns a permissionError, once the server has said that the user
// lacks the permission.
func await[T any](ctx context.Context, nc *nats.Conn, subject string, f func(context.Context) (T, error)) (T, error) {
	before := nc.LastError()
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	slow := time.AfterFunc(deniedEvery, func() {
		tick := time.NewTicker(deniedEvery)
		defer tick.Stop()
		for {
			if p := denied(nc, before, subject); p != nil {
				end(p)
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	})
	defer slow.Stop()
	v, err := f(ctx)
	if err != nil {
		if p, ok := errors.AsType[*permissionError](context.Cause(ctx)); ok {
			return v, p
		}
	}
	return v, err
}

// permitted is a JetStream whose requests fail at once for want of a permission.
type permitted struct {
	jetstream.JetStream
	nc *nats.Conn
}

const apiPrefix = jetstream.DefaultAPIPrefix

func (p permitted) Stream(ctx context.Context, name string) (jetstream.Stream, error) {
	return await(ctx, p.nc, apiPrefix+"STREAM.INFO."+name, func(ctx context.Context) (jetstream.Stream, error) {
		return p.JetStream.Stream(ctx, name)
	})
}

func (p permitted) CreateStream(ctx context.Context, c jetstream.StreamConfig) (jetstream.Stream, error) {
	return await(ctx, p.nc, apiPrefix+"STREAM.CREATE."+c.Name, func(ctx context.Context) (jetstream.Stream, error) {
		return p.JetStream.CreateStream(ctx, c)
	})
}

func (p permitted) Consumer(ctx context.Context, stream, name string) (jetstream.Consumer, error) {
	return await(ctx, p.nc, apiPrefix+"CONSUMER.INFO."+stream+"."+name, func(ctx context.Context) (jetstream.Consumer, error) {
		return p.JetStream.Consumer(ctx, stream, name)
	})
}

func (p permitted) CreateConsumer(ctx context.Context, stream string, c jetstream.ConsumerConfig) (jetstream.Consumer, error) {
	return await(ctx, p.nc, apiPrefix+"CONSUMER.CREATE."+stream+"."+c.Durable, func(ctx context.Context) (jetstream.Consumer, error) {
		return p.JetStream.CreateConsumer(ctx, stream, c)
	})
}

func (p permitted) OrderedConsumer(ctx context.Context, stream string, c jetstream.OrderedConsumerConfig) (jetstream.Consumer, error) {
	return await(ctx, p.nc, apiPrefix+"CONSUMER.CREATE."+stream, func(ctx context.Context) (jetstream.Consumer, error) {
		return p.JetStream.OrderedConsumer(ctx, stream, c)
	})
}

func (p permitted) DeleteConsumer(ctx context.Context, stream, name string) error {
	_, err := await(ctx, p.nc, apiPrefix+"CONSUMER.DELETE."+stream+"."+name, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, p.JetStream.DeleteConsumer(ctx, stream, name)
	})
	return err
}

func (p permitted) AccountInfo(ctx context.Context) (*jetstream.AccountInfo, error) {
	return await(ctx, p.nc, apiPrefix+"INFO", p.JetStream.AccountInfo)
}

func (p permitted) Publish(ctx context.Context, subject string, data []byte, o ...jetstream.PublishOpt) (*jetstream.PubAck, error) {
	return await(ctx, p.nc, subject, func(ctx context.Context) (*jetstream.PubAck, error) {
		return p.JetStream.Publish(ctx, subject, data, o...)
	})
}

func (p permitted) PublishMsg(ctx context.Context, m *nats.Msg, o ...jetstream.PublishOpt) (*jetstream.PubAck, error) {
	return await(ctx, p.nc, m.Subject, func(ctx context.Context) (*jetstream.PubAck, error) {
		return p.JetStream.PublishMsg(ctx, m, o...)
	})
}

// watchPermissions returns a func that logs permissions that are missing for what waits
// for no answer: a request for an event, or an acknowledgement, would fail in silence.
func (s *Store) watchPermissions() func() {
	before, logged := s.nc.LastError(), time.Time{}
	return func() {
		now := s.nc.LastError()
		p := lacked(now)
		if p == nil || now == before || !s.names.have(p.subject) || time.Since(logged) < logEvery {
			return
		}
		before, logged = now, time.Now()
		s.log().LogAttrs(context.Background(), slog.LevelError, "durable: a permission is missing",
			slog.String("store", s.c.Name), slog.String("error", p.Error()))
	}
}
