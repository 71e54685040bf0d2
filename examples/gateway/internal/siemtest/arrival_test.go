//go:build unix

package siemtest

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
	"github.com/accesshook/accesshook/examples/internal/vendors"
	"github.com/accesshook/accesshook/verify"
)

// demoEvents is how many events the demo sends.
var demoEvents = len(payloads(time.Now()))

// The events of the demo come into the store by every way, each once.
func TestDemo(t *testing.T) {
	v := startVictoriaLogs(t)
	g := gatewaytest.Start(t, hecToken, append(flags(v), "-demo", "-demo-fast", "-data", t.TempDir())...)
	requireAll(t, v, g, demoEvents)
}

// The store stops while the gateway is idle, and is away for ten seconds. Events that come
// meanwhile arrive when it is back, and none that it had comes again. Whether a store that
// dies while it writes has an event is not known: the gateway sends such an event twice
// rather than never, and Elasticsearch tells by the _id, which VictoriaLogs does not look
// at.
func TestOutage(t *testing.T) {
	v := startVictoriaLogs(t)
	g := gatewaytest.Start(t, slices.Concat(environment, hecToken), append(flags(v), "-data", t.TempDir())...)
	all := payloads(time.Now().Truncate(time.Millisecond))
	half := len(all) / 2
	for _, p := range all[:half] {
		p.send(g)
	}
	requireAll(t, v, g, half)
	v.stop()
	back := time.Now().Add(10 * time.Second)
	for _, p := range all[half:] {
		p.send(g)
	}
	g.Eventually("events on standard output", func() bool { return len(g.Events()) == len(all) })
	for _, w := range ways {
		w.requireTaken(g, half)
	}
	time.Sleep(time.Until(back)) // the outage is that long
	v.start()
	requireAll(t, v, g, len(all))
}

// flags returns the flags of all ways.
func flags(v *victoriaLogs) (all []string) {
	for _, w := range ways {
		all = append(all, w.flags(v)...)
	}
	return all
}

// hecToken is the credential of HEC. VictoriaLogs ignores it.
var hecToken = []string{"HEC_TOKEN=canary-hec-token"}

// requireAll waits until the gateway has written n events, and until the sinks have sent
// as many. Then the store must have each of the events once for every way.
func requireAll(t *testing.T, v *victoriaLogs, g *gatewaytest.Process, n int) {
	t.Helper()
	g.Eventually("events on standard output", func() bool { return len(g.Events()) >= n })
	events := g.Events()
	require.Len(t, events, n)
	for _, w := range ways {
		w.requireTaken(g, n)
		w.requireStored(t, v, events)
	}
}

// A payload is what a vendor sends.
type payload struct {
	vendors.Vendor
	value any
}

// payloads returns those of the demo, about what happens at now.
func payloads(now time.Time) (all []payload) {
	for _, v := range vendors.All {
		for _, p := range v.Payloads(now) {
			all = append(all, payload{v, p})
		}
	}
	return all
}

// environment has the credentials that send uses.
var environment = []string{
	"USERLOCK_IDS=" + gatewaytest.CanaryID, "UNLOC_CREDENTIALS=gate:canary-password-of-unloc",
	"RELOCK_SECRETS=" + gatewaytest.RelockSecret, "LOGINRADIUS_SECRETS=canary-loginradius-secret",
}

var credentials = map[string]envsecret.Values{
	"userlock":    {Secrets: event.Secrets(gatewaytest.CanaryID)},
	"unloc":       {Credentials: []verify.Credential{verify.NewCredential("gate", "canary-password-of-unloc")}},
	"relock":      {Secrets: event.Secrets(gatewaytest.RelockSecret)},
	"loginradius": {Secrets: event.Secrets("canary-loginradius-secret")},
}

// send sends a payload to the gateway, which must take it.
func (p payload) send(g *gatewaytest.Process) {
	g.T.Helper()
	status, body := g.Send(p.Request(g.T.Context(), g.URL+p.Path(), credentials[p.Name], p.value))
	require.Equal(g.T, 200, status, "%s", body)
}
