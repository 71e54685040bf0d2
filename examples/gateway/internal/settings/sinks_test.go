package settings

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

func TestSinks(t *testing.T) {
	clean(t, "ELASTICSEARCH_CREDENTIALS=ops:canary-0123456789abc", "HEC_TOKEN_FILE="+writeFile(t, "canary-token\n"), "OTLP_HEADERS=api-key=canary,tenant=1")
	s := parse(t, "-demo", "-data", "x", "-elasticsearch", "https://search.example.com", "-hec", "https://splunk.example.com:8088",
		"-hec-only", "severity>=medium and vendor=relock", "-otlp", "http://localhost:4318", "-syslog", "tls://siem.example.com:6514", "-forward", "http://127.0.0.1:9000/events")
	var names []string
	for _, sink := range s.Sinks.Used {
		names = append(names, sink.Name)
	}
	assert.Equal(t, []string{"elasticsearch", "hec", "otlp", "syslog", "forward"}, names)
	elastic, hec, otlp, syslog := s.Sinks.Used[0], s.Sinks.Used[1], s.Sinks.Used[2], s.Sinks.Used[3]
	assert.Equal(t, "https://search.example.com", elastic.URL)
	assert.Empty(t, cmp.Diff([]verify.Credential{verify.NewCredential("ops", "canary-0123456789abc")}, elastic.Credentials.Credentials))
	assert.Equal(t, "ELASTICSEARCH_CREDENTIALS", elastic.Variable.Name)
	assert.Empty(t, cmp.Diff(event.Secrets("canary-token"), hec.Credentials.Secrets))
	assert.Equal(t, "severity>=medium vendor=relock", hec.Only.String())
	assert.Empty(t, elastic.Only.String())
	assert.Empty(t, cmp.Diff(event.Secrets("api-key=canary", "tenant=1"), otlp.Credentials.Secrets))
	assert.Empty(t, syslog.Variable.Name)
	assert.Equal(t, "ocsf", s.Sinks.HECFormat)
	assert.Equal(t, "logs-accesshook-default", s.Sinks.ElasticsearchIndex)
	assert.Zero(t, s.Sinks.Attempts)
	assert.Equal(t, 16, s.Sinks.Workers)
	assert.Zero(t, s.Sinks.MaxDelay)
	assert.Empty(t, s.Warnings)

	s = parse(t, "-demo", "-data", "x", "-retries", "9", "-max-delay", "30s", "-elasticsearch", "http://127.0.0.1:1", "-hec", "http://127.0.0.1:1", "-otlp", "http://127.0.0.1:1")
	assert.Equal(t, 10, s.Sinks.Attempts)
	assert.Equal(t, 30*time.Second, s.Sinks.MaxDelay)
}

func TestSinksRefused(t *testing.T) {
	const elastic = "-demo -queue 9 -elasticsearch http://127.0.0.1:1 "
	for name, test := range map[string]struct {
		env, args, says string
	}{
		"nowhere to wait":    {"", "-demo -hec http://127.0.0.1:1", "-hec needs -queue, -data or -nats: while a sink is slow or down, its events must wait there, and not the vendors"},
		"no URL":             {"", "-demo -queue 9 -hec canary", "-hec is not https://host or http://host"},
		"no host":            {"", "-demo -queue 9 -hec https:///canary", "-hec is not https://host or http://host"},
		"another scheme":     {"", "-demo -queue 9 -syslog udp://canary:514", "-syslog is not tcp://host or tls://host"},
		"empty":              {"", "-demo -queue 9 -otlp=", "-otlp is empty"},
		"password":           {"", "-demo -queue 9 -elasticsearch https://ops:canary@example.com", "-elasticsearch has a user or password, which others on the machine can see: set ELASTICSEARCH_CREDENTIALS"},
		"user":               {"", "-demo -queue 9 -forward https://canary@example.com", "-forward has a user or password, which others on the machine can see: set FORWARD_AUTHORIZATION"},
		"user, syslog":       {"", "-demo -queue 9 -syslog tls://canary@example.com:1", "-syslog has a user or password, which it does not send"},
		"empty token":        {"HEC_TOKEN=", "-demo -queue 9 -hec https://splunk.example.com", "HEC_TOKEN: entry 1 is empty"},
		"key and user":       {"ELASTICSEARCH_API_KEY=canary ELASTICSEARCH_CREDENTIALS=ops:canary", elastic, "ELASTICSEARCH_API_KEY and ELASTICSEARCH_CREDENTIALS exclude each other"},
		"token, no sink":     {"HEC_TOKEN=canary", "-demo", "HEC_TOKEN has no effect without -hec"},
		"file, no sink":      {"FORWARD_AUTHORIZATION_FILE=canary", "-demo", "FORWARD_AUTHORIZATION_FILE has no effect without -forward"},
		"filter, no sink":    {"", "-demo -hec-only severity>low", "-hec-only has no effect without -hec"},
		"form, no sink":      {"", "-demo -hec-format ecs", "-hec-format has no effect without -hec"},
		"index, no sink":     {"", "-demo -elasticsearch-index logs", "-elasticsearch-index has no effect without -elasticsearch"},
		"authorities, none":  {"", "-demo -sink-ca x", "-sink-ca has no effect without a sink"},
		"workers, no sink":   {"", "-demo -data x -sink-workers 9", "-sink-workers has no effect without a sink, and -data or -nats"},
		"workers, no store":  {"", elastic + "-sink-workers 9", "-sink-workers has no effect without a sink, and -data or -nats"},
		"no workers":         {"", "-demo -data x -syslog tcp://127.0.0.1:1 -sink-workers 0", "-sink-workers is not between 1 and 128"},
		"no such form":       {"", "-demo -queue 9 -hec https://splunk.example.com -hec-format cef", "-hec-format is not ocsf or ecs"},
		"empty filter":       {"", elastic + "-elasticsearch-only=", "for flag -elasticsearch-only: the filter is empty"},
		"wrong filter":       {"", elastic + "-elasticsearch-only vendor=okta", `for flag -elasticsearch-only: vendor "okta" is not known: want userlock, unloc, relock or loginradius`},
		"forgotten, used":    {"", "-demo -data x -hec https://splunk.example.com -forget-sink hec", "-forget-sink hec and -hec exclude each other"},
		"forgotten, unknown": {"", "-demo -data x -forget-sink default", "-forget-sink is not elasticsearch, hec, otlp, syslog or forward"},
		"forgotten, nowhere": {"", "-demo -forget-sink hec", "-forget-sink has no effect without -data or -nats"},
		"forgotten by file":  {"GATEWAY_FORGET_SINK=hec", "-demo -data x", "GATEWAY_FORGET_SINK is set, but -forget-sink can only be an argument"},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t, strings.Fields(test.env)...)
			_, err := Parse(strings.Fields(test.args))
			require.ErrorContains(t, err, test.says)
			assert.NotContains(t, err.Error(), "canary")
		})
	}
}

// A test of sinks needs no vendor, no queue and no store.
func TestParseTest(t *testing.T) {
	clean(t, "HEC_TOKEN=canary")
	s, err := ParseTest([]string{"-hec", "https://splunk.example.com"})
	require.NoError(t, err)
	assert.Len(t, s.Sinks.Used, 1)
	assert.True(t, s.TestSinks)
}

// The order of the queue holds for sinks.
func TestQueueOfSinks(t *testing.T) {
	clean(t)
	s := parse(t, "-demo", "-queue", "9", "-syslog", "tcp://127.0.0.1:1")
	assert.Len(t, s.Sinks.Used, 1)
	assert.NotNil(t, s.Queue.Key)
}
