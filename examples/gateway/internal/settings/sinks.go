package settings

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/examples/internal/vendors"
	"github.com/accesshook/accesshook/examples/sinks/elasticsearch"
	"github.com/accesshook/accesshook/examples/sinks/filter"
)

// A Sink is another system that events are sent to.
type Sink struct {
	Name string // that of its flag
	URL  string // without a user or a password
	Only filter.Filter

	// Variable is where Credentials are from, if there are any.
	Variable    envsecret.Variable
	Credentials envsecret.Values
}

// A Sinks has the settings of all sinks.
type Sinks struct {
	Used []Sink // in the order of the help text
	CA   string // file; "": the authorities of the system

	Workers int // of each sink, for each shard of a store
	// Attempts and MaxDelay are zero unless flags say what they are.
	Attempts int           // for an event of a queue
	MaxDelay time.Duration // between two attempts with a store

	ElasticsearchIndex string
	HECFormat          string // "ocsf" or "ecs"

	sinks [5]Sink // of each kind; without a URL it is not used
}

// sinkKinds are the sinks in the order of the help text.
var sinkKinds = [...]struct {
	name, usage string
	schemes     []string
	variables   []envsecret.Variable // one of them has the credentials
	means       []string             // what the variables hold
}{
	{
		"elasticsearch", "send events in the Elastic Common Schema to the Elasticsearch at this `URL`, by its bulk API", []string{"https", "http"},
		[]envsecret.Variable{{Name: "ELASTICSEARCH_API_KEY"}, {Name: "ELASTICSEARCH_CREDENTIALS", Pairs: true}},
		[]string{"API key of -elasticsearch, as base64", "or user:password for it"},
	},
	{
		"hec", "send events to the HTTP Event Collector of Splunk at this `URL`", []string{"https", "http"},
		[]envsecret.Variable{{Name: "HEC_TOKEN"}}, []string{"token of -hec"},
	},
	{
		"otlp", "send events as OpenTelemetry log records to the collector at this `URL`, by protobuf over HTTP", []string{"https", "http"},
		[]envsecret.Variable{{Name: "OTLP_HEADERS"}}, []string{"headers of requests to -otlp, as name=value"},
	},
	{
		"syslog", "send events as CEF in syslog (RFC 5424) to the server at this `URL`, tcp://host:port or tls://host:port", []string{"tcp", "tls"},
		nil, nil,
	},
	{
		"forward", "send events as CloudEvents to the service at this `URL`, one a request", []string{"https", "http"},
		[]envsecret.Variable{{Name: "FORWARD_AUTHORIZATION"}}, []string{"Authorization header of requests to -forward"},
	},
}

// sinkVariables returns the variables of all sinks, and what they hold.
func sinkVariables() (variables []envsecret.Variable, means []string) {
	for _, kind := range sinkKinds {
		variables, means = append(variables, kind.variables...), append(means, kind.means...)
	}
	return variables, means
}

// flags defines the flags of sinks.
func (s *Sinks) flags() *group {
	g := newGroup("Sinks")
	for i, kind := range sinkKinds {
		sink := &s.sinks[i]
		sink.Name = kind.name
		g.StringVar(&sink.URL, kind.name, "", kind.usage)
		g.Var((*only)(&sink.Only), kind.name+"-only", "send it only events that meet the `conditions` on vendor, type and severity, such as 'severity>=medium type!=account.*'")
		switch kind.name {
		case "elasticsearch":
			g.StringVar(&s.ElasticsearchIndex, "elasticsearch-index", elasticsearch.DefaultIndex, "`name` of the index or data stream")
		case "hec":
			g.choice(&s.HECFormat, "hec-format", "ocsf", "`form` of the events in it: ocsf or ecs", "ocsf", "ecs")
		}
	}
	number(g, &s.Workers, "sink-workers", 16, 1, 128, fmt.Sprintf("how many `events` of each of the %d shards of the store are sent to a sink at the same time, in one batch", durable.DefaultShards))
	g.StringVar(&s.CA, "sink-ca", "", "trust the sinks whose certificates the authorities in this `file` have signed (PEM), instead of those of the system")
	return g
}

// readSinks sets the sinks that are used, with their credentials.
func (s *Settings) readSinks(given map[string]bool) error {
	dependent := map[string][]string{"elasticsearch": {"-elasticsearch-index"}, "hec": {"-hec-format"}}
	for i, kind := range sinkKinds {
		sink := s.Sinks.sinks[i]
		if sink.URL == "" {
			for _, name := range append(dependent[kind.name], "-"+kind.name+"-only") {
				if given[name[1:]] {
					return fmt.Errorf("%s has no effect without -%s", name, kind.name)
				}
			}
			for _, v := range kind.variables {
				for _, name := range []string{v.Name, v.Name + "_FILE"} {
					if _, ok := os.LookupEnv(name); ok {
						return fmt.Errorf("%s has no effect without -%s", name, kind.name)
					}
				}
			}
			continue
		}
		if err := checkSinkURL(sink, kind.schemes, kind.variables); err != nil {
			return err
		}
		for _, v := range kind.variables {
			values, err := s.read(v)
			switch {
			case err != nil:
				return err
			case values.Source == "":
				continue
			case sink.Credentials.Source != "":
				return fmt.Errorf("%s and %s exclude each other", sink.Credentials.Source, values.Source)
			}
			sink.Variable, sink.Credentials = v, values
		}
		s.Sinks.Used = append(s.Sinks.Used, sink)
	}
	if given["retries"] {
		s.Sinks.Attempts = s.Attempts
	}
	if given["max-delay"] {
		s.Sinks.MaxDelay = s.Store.Consumer.MaxDelay
	}
	known := func(name string) bool {
		return slices.ContainsFunc(s.Sinks.sinks[:], func(k Sink) bool { return k.Name == name })
	}
	uses := func(name string) bool {
		return slices.ContainsFunc(s.Sinks.Used, func(u Sink) bool { return u.Name == name })
	}
	switch {
	case s.ForgetSink != "" && !known(s.ForgetSink):
		return errors.New("-forget-sink is not elasticsearch, hec, otlp, syslog or forward")
	case uses(s.ForgetSink):
		return fmt.Errorf("-forget-sink %s and -%[1]s exclude each other", s.ForgetSink)
	case len(s.Sinks.Used) == 0 && s.Sinks.CA != "":
		return errors.New("-sink-ca has no effect without a sink")
	case given["sink-workers"] && (len(s.Sinks.Used) == 0 || !s.Store.Used()):
		return errors.New("-sink-workers has no effect without a sink, and -data or -nats")
	case len(s.Sinks.Used) > 0 && !s.TestSinks && s.Queue.Depth == 0 && !s.Store.Used():
		return fmt.Errorf("-%s needs -queue, -data or -nats: while a sink is slow or down, its events must wait there, and not the vendors", s.Sinks.Used[0].Name)
	case len(s.Sinks.Used) == 0 && s.TestSinks:
		return errors.New("there is no sink: set -elasticsearch, -hec, -otlp, -syslog or -forward")
	}
	return nil
}

// checkSinkURL validates the URL of a sink. Its error does not hold it, since it may have
// a password.
func checkSinkURL(s Sink, schemes []string, variables []envsecret.Variable) error {
	u, err := url.Parse(s.URL)
	switch {
	case err != nil || !slices.Contains(schemes, u.Scheme) || u.Hostname() == "":
		return fmt.Errorf("-%s is not %s", s.Name, strings.Join(schemes, "://host or ")+"://host")
	case u.User != nil && variables == nil:
		return fmt.Errorf("-%s has a user or password, which it does not send", s.Name)
	case u.User != nil:
		return fmt.Errorf("-%s has a user or password, which others on the machine can see: set %s", s.Name, variables[len(variables)-1].Name)
	}
	return nil
}

// only is the value of a flag: a filter.
type only filter.Filter

// String implements [flag.Value].
func (o *only) String() string { return filter.Filter(*o).String() }

// Set implements [flag.Value].
func (o *only) Set(text string) error {
	known := filter.Known{}
	for _, v := range vendors.All {
		known.Vendors = append(known.Vendors, v.Name)
	}
	f, err := known.Parse(text)
	*o = only(f)
	return err
}
