package app

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
)

// What a sink refuses is said in the words of flags and variables, and without what is
// wrong.
func TestSinksThatCannotBeOpened(t *testing.T) {
	noCertificate := gatewaytest.WriteFile(t, "canary")
	for _, test := range []struct{ env, args, says string }{
		{"", "-syslog tcp://127.0.0.1", "sink syslog: -syslog is not tcp:// or tls:// with a host and a port"},
		{"", "-syslog tls://127.0.0.1:1 -sink-ca " + noCertificate, "sink syslog: -sink-ca has no certificate in PEM"},
		{"", "-elasticsearch https://127.0.0.1:1 -sink-ca " + noCertificate, "sink elasticsearch: -sink-ca has no certificate in PEM"},
		{"", "-hec https://127.0.0.1:1/#canary", "sink hec: -hec has a fragment"},
		{"HEC_TOKEN=canary\x01", "-hec https://127.0.0.1:1", "sink hec: HEC_TOKEN has characters other than visible ASCII"},
		{"FORWARD_AUTHORIZATION=canary", "-forward https://127.0.0.1:1", `sink forward: FORWARD_AUTHORIZATION is not a scheme and a credential, such as "Bearer" and a token`},
		{"HEC_TOKEN=canary,canary", "-hec https://127.0.0.1:1", "sink hec: HEC_TOKEN has 2 values, and -hec takes one"},
		{"ELASTICSEARCH_CREDENTIALS=a:canary-canary-canary,b:canary-canary-canary", "-elasticsearch https://127.0.0.1:1", "sink elasticsearch: ELASTICSEARCH_CREDENTIALS has 2 values, and -elasticsearch takes one"},
		{"OTLP_HEADERS=x-key=canary,canary", "-otlp https://127.0.0.1:1", "sink otlp: OTLP_HEADERS: entry 2 is not name=value"},
		{"OTLP_HEADERS==canary", "-otlp https://127.0.0.1:1", "sink otlp: OTLP_HEADERS: entry 1 is not name=value"},
		{"OTLP_HEADERS=x-key=canary,X-Key=canary", "-otlp https://127.0.0.1:1", "sink otlp: OTLP_HEADERS: entry 2 has a name for the second time"},
		{"OTLP_HEADERS=content-type=canary", "-otlp https://127.0.0.1:1", "sink otlp: OTLP_HEADERS has Content-Type, which is set otherwise"},
	} {
		t.Run(test.says, func(t *testing.T) {
			if name, value, ok := strings.Cut(test.env, "="); ok {
				t.Setenv(name, value)
			}
			var stdout, stderr gatewaytest.Buffer
			args := append([]string{"-demo", "-queue", "1", "-check"}, strings.Fields(test.args)...)
			assert.Equal(t, ExitUsage, Run(t.Context(), nil, args, &stdout, &stderr))
			assert.Equal(t, "gateway: "+test.says+"\n", stderr.String())
		})
	}
}

// A sink that is down for a weekend loses nothing.
func TestAttemptsLastForAWeekend(t *testing.T) {
	shortest := sinkMaxDelay / 2
	assert.GreaterOrEqual(t, sinkAttempts*shortest, 48*time.Hour)
}
