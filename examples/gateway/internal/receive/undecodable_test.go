package receive_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/relock"

	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
)

// A body that is signed and cannot be decoded is not lost: it is answered 400, and its
// event goes the way of all others. Its content, which may have secrets, is not printed.
func TestUndecodableBodyIsWritten(t *testing.T) {
	const secret = "canary-relock-secret"
	const body = `[{"event":"session.created","data":{"sessionId":"s-1","note":"canary"}}]`
	for name, args := range map[string][]string{
		"default": nil,
		"queue":   {"-queue", "10"},
		"store":   {"-data", t.TempDir()},
	} {
		t.Run(name, func(t *testing.T) {
			p := gatewaytest.Start(t, gatewaytest.WithRelock, args...)
			post := func() {
				t.Helper()
				r, err := gatewaytest.Post(t, p.URL+"/webhooks/relock", body)
				require.NoError(t, err)
				r.Header.Set(relock.SignatureHeader, gatewaytest.Sign(secret, body))
				status, answer := p.Send(r, nil)
				assert.Equal(t, 400, status)
				assert.Equal(t, `{"error":"bad request"}`, answer)
			}
			post()
			p.Eventually("it is not written", func() bool { return strings.HasSuffix(p.Stdout.String(), "\n") })
			post()

			status, _ := p.Send(p.Alert(secret, "a normal event"))
			require.Equal(t, 200, status)
			p.Eventually("nothing follows it", func() bool { return strings.Count(p.Stdout.String(), "\n") == 2 })
			series, _ := p.Metrics(p.URL)
			assert.EqualValues(t, 2, series[`accesshook_rejected_total{endpoint="relock",status="400"}`])
			assert.EqualValues(t, 1, series[`accesshook_events_total{type="security.alert",vendor="relock"}`])
			assert.Zero(t, series[`accesshook_events_total{type="unknown",vendor="relock"}`])
			p.Stop()

			line, _, _ := strings.Cut(p.Stdout.String(), "\n")
			e, err := cloudevent.Decode([]byte(line), cloudevent.Payloads{"relock": relock.Decode})
			require.NoError(t, err)
			assert.Equal(t, event.Unknown, e.Type)
			assert.Nil(t, e.Payload)
			assert.NotEmpty(t, e.ID)
			if diff := cmp.Diff([]event.Warning{{Want: "object", Got: "array"}}, e.Warnings); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
			assert.NotContains(t, line, "s-1")

			records := webhookRecords(p.Stderr.String())
			require.Len(t, records, 3)
			for i, duplicate := range []bool{false, args == nil || args[0] == "-data"} {
				assert.Contains(t, records[i], "level=WARN")
				assert.Contains(t, records[i], "status=400")
				assert.Contains(t, records[i], "type=unknown")
				assert.Contains(t, records[i], `error="verify: malformed body: `)
				assert.Equal(t, duplicate, strings.Contains(records[i], " duplicate=true"), records[i])
			}
		})
	}
}

// webhookRecords returns the records of requests in a log.
func webhookRecords(log string) (records []string) {
	for line := range strings.Lines(log) {
		if strings.Contains(line, " msg=webhook ") {
			records = append(records, line)
		}
	}
	return records
}
