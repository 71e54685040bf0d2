//go:build unix

package siemtest

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/examples/detections"
	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
	"github.com/accesshook/accesshook/examples/internal/vendors"
)

// Two of the detections of package detections, as queries of VictoriaLogs.
const (
	// guessed are the users with ten refused logons and a successful one within 20
	// minutes: a6c435a2-b1a0-466d-b730-9f8af69262e8 of Azure/Azure-Sentinel.
	guessed = `event.category:authentication
| stats by (_time:20m, user.name) count() if (event.outcome:=failure) failures, count() if (event.outcome:=success) successes
| filter failures:>=10 successes:>=1
| fields user.name`

	// sprayed are the addresses from which more than 15 users were refused within five
	// minutes: 6a2e2ff4-5568-475e-bef2-b95f12b9367b.
	sprayed = `event.category:authentication event.outcome:=failure
| stats by (_time:5m, source.ip) count_uniq(user.name) users
| filter users:>15
| fields source.ip`
)

func TestDetections(t *testing.T) {
	v := startVictoriaLogs(t)
	g := gatewaytest.Start(t, environment, append(elasticsearch.flags(v), "-queue", "2000")...)
	monday := time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC)
	friday := monday.AddDate(0, 0, 4)
	sent := 0
	send := func(reports []detections.Report) {
		t.Helper()
		for _, r := range reports {
			vendor, _ := vendors.Named(r.Vendor)
			payload{vendor, r.Payload}.send(g)
		}
		sent += len(reports)
		elasticsearch.requireTaken(g, sent)
		require.Len(t, v.query("*"), sent)
	}
	send(detections.Week(monday))
	assert.Empty(t, v.query(guessed))
	assert.Empty(t, v.query(sprayed))

	send(slices.Concat(detections.BruteForce("userlock", friday), detections.BruteForce("relock", friday)))
	assert.ElementsMatch(t, []record{{"user.name": "deniz"}, {"user.name": "u-1003"}}, v.query(guessed))
	assert.Empty(t, v.query(sprayed))

	send(detections.Spray("userlock", friday))
	assert.Equal(t, []record{{"source.ip": "203.0.113.66"}}, v.query(sprayed))
}
