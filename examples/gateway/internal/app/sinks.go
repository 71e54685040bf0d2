package app

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/ecs"
	"github.com/accesshook/accesshook/examples/gateway/internal/settings"
	"github.com/accesshook/accesshook/examples/gateway/internal/sink"
	"github.com/accesshook/accesshook/examples/gateway/internal/store"
	"github.com/accesshook/accesshook/examples/sinks"
	"github.com/accesshook/accesshook/examples/sinks/elasticsearch"
	"github.com/accesshook/accesshook/examples/sinks/forward"
	"github.com/accesshook/accesshook/examples/sinks/hec"
	"github.com/accesshook/accesshook/examples/sinks/otlp"
	"github.com/accesshook/accesshook/examples/sinks/syslog"
)

// openSink returns the sink that s describes, with these credentials. Its errors name flags
// and variables.
func openSink(s settings.Sink, all *settings.Sinks, v envsecret.Values) (sinks.Sink, error) {
	opened, err := newSink(s, all, v)
	if err != nil {
		names := strings.NewReplacer(
			"Config.URL", "-"+s.Name, "Config.CAFile", "-sink-ca", "Config.Index", "-elasticsearch-index",
			"Config.Authorization", v.Source, "Config.Headers", v.Source, "the credential", v.Source,
		)
		return nil, errors.New(names.Replace(strings.TrimPrefix(err.Error(), s.Name+": ")))
	}
	return opened, nil
}

func newSink(s settings.Sink, all *settings.Sinks, v envsecret.Values) (sinks.Sink, error) {
	if n := len(v.Secrets) + len(v.Credentials); n > 1 && s.Name != "otlp" {
		return nil, fmt.Errorf("%s has %d values, and -%s takes one", v.Source, n, s.Name)
	}
	switch s.Name {
	case "elasticsearch":
		return opened(elasticsearch.New(elasticsearch.Config{
			URL: s.URL, Authorization: authorization("ApiKey", v), CAFile: all.CA,
			Index: all.ElasticsearchIndex,
		}))
	case "hec":
		c := hec.Config{URL: s.URL, Authorization: authorization("Splunk", v), CAFile: all.CA, AckTimeout: ackTimeout}
		if all.HECFormat == "ecs" {
			c.Encode, c.SourceType = ecs.Append, "accesshook:ecs"
		}
		return opened(hec.New(c))
	case "otlp":
		headers, err := headers(v)
		if err != nil {
			return nil, err
		}
		authorization := headers["Authorization"]
		delete(headers, "Authorization")
		return opened(otlp.New(otlp.Config{URL: s.URL, Authorization: authorization, Headers: headers, CAFile: all.CA}))
	case "syslog":
		return opened(syslog.New(syslog.Config{URL: s.URL, CAFile: all.CA}))
	default: // forward
		c := forward.Config{URL: s.URL, CAFile: all.CA}
		if len(v.Secrets) > 0 {
			c.Authorization = v.Secrets[0]
		}
		return opened(forward.New(c))
	}
}

// headers returns the headers of OTLP_HEADERS, each of which is name=value.
func headers(v envsecret.Values) (map[string]event.Secret, error) {
	headers := make(map[string]event.Secret, len(v.Secrets))
	for i, secret := range v.Secrets {
		text, _ := secret.Reveal()
		name, value, ok := strings.Cut(text, "=")
		name = http.CanonicalHeaderKey(name)
		switch _, twice := headers[name]; {
		case !ok || name == "" || value == "":
			return nil, fmt.Errorf("%s: entry %d is not name=value", v.Source, i+1)
		case twice:
			return nil, fmt.Errorf("%s: entry %d has a name for the second time", v.Source, i+1)
		}
		headers[name] = event.NewSecret(value)
	}
	return headers, nil
}

// ackTimeout is how long Splunk may take to acknowledge a request: less than a batch may
// take.
const ackTimeout = sink.BatchTimeout / 2

// opened returns a sink of any type, nil if err is not.
func opened[S sinks.Sink](s S, err error) (sinks.Sink, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}

// authorization returns the value of an Authorization header with this scheme, or with a
// user and a password. No values: none.
func authorization(scheme string, v envsecret.Values) event.Secret {
	switch {
	case len(v.Secrets) > 0:
		secret, _ := v.Secrets[0].Reveal()
		return event.NewSecret(scheme + " " + secret)
	case len(v.Credentials) > 0:
		password, _ := v.Credentials[0].Password.Reveal()
		return event.NewSecret("Basic " + base64.StdEncoding.EncodeToString([]byte(v.Credentials[0].User+":"+password)))
	}
	return event.Secret{}
}

// newSinks opens the sinks, with before in front of them. It connects to nothing. Without
// sinks there are no metrics of them.
func newSinks(s *settings.Settings, before func(event.Handler) event.Handler, registry prometheus.Registerer, log *slog.Logger) (all []*sink.Sink, err error) {
	if len(s.Sinks.Used) == 0 {
		return nil, nil
	}
	m := sink.NewMetrics(registry)
	for _, used := range s.Sinks.Used {
		opened, err := sink.New(sink.Config{
			Name: used.Name, Only: used.Only, Credentials: used.Credentials,
			Open:    func(v envsecret.Values) (sinks.Sink, error) { return openSink(used, &s.Sinks, v) },
			Before:  before,
			Metrics: m, Log: log,
		})
		if err != nil {
			return nil, fmt.Errorf("sink %s: %w", used.Name, err)
		}
		all = append(all, opened)
	}
	return all, nil
}

const (
	// An event is sent sinkAttempts times, by default with pauses of sinkMaxDelay at most
	// in the end, each of which is at least half of that: for two days at least.
	sinkAttempts = 1200
	sinkMaxDelay = 5 * time.Minute
)

// sinkConsumers returns the consumers of the sinks.
func (g *gateway) sinkConsumers() []store.Sink {
	var consumers []store.Sink
	for _, s := range g.sinks {
		c := durable.Consumer{
			Name: s.Consumer(), Workers: g.Sinks.Workers, Timeout: sink.AttemptTimeout,
			MaxAttempts: sinkAttempts, MaxDelay: sinkMaxDelay,
		}
		if own := g.Store.Consumer; own.MaxAttempts > 0 {
			c.MaxAttempts = own.MaxAttempts
		}
		if g.Sinks.MaxDelay > 0 {
			c.MaxDelay = g.Sinks.MaxDelay
		}
		consumers = append(consumers, store.Sink{
			Consumer: c, Handler: s, Retry: event.HandlerFunc(s.SendAnyway), GaveUp: s.GaveUp, End: s.End,
		})
	}
	return consumers
}

// warnOfAbandoned logs which consumers of sinks the store has that this gateway does not.
func (g *gateway) warnOfAbandoned(ctx context.Context, s *store.Store) {
	names, err := s.Abandoned(ctx, sink.ConsumerPrefix)
	if err != nil {
		g.log.Warn("cannot look for sinks that are not configured any more", "error", err)
	}
	for _, name := range names {
		g.log.Warn("the store keeps events for a sink that is not configured here, and fills up if no gateway has it: "+
			"configure it, or delete its consumer with -forget-sink", "sink", name[len(sink.ConsumerPrefix):])
	}
}

// startQueues puts queues in memory in front of the sinks.
func (g *gateway) startQueues() {
	for _, s := range g.sinks {
		s.StartQueue(sink.QueueConfig{
			Depth: g.Queue.Depth, MaxBytes: g.Queue.MaxBytes, Key: g.Queue.Key, Attempts: g.Sinks.Attempts,
		})
	}
}

// closeSinks closes the connections of the sinks.
func (g *gateway) closeSinks() {
	for _, s := range g.sinks {
		_ = s.Close()
	}
}
