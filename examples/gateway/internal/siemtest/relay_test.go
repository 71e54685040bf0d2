//go:build unix

package siemtest

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event/cef"
	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
)

// rsyslog relays each message of the gateway byte for byte, to a receiver and to
// VictoriaLogs.
func TestRelay(t *testing.T) {
	r, v := startReceiver(t), startVictoriaLogs(t)
	relay := startRsyslog(t, r.address, v.syslog)
	g := gatewaytest.Start(t, nil, "-demo", "-demo-fast", "-queue", "100", "-syslog", "tcp://"+relay)
	g.Eventually("events on standard output", func() bool { return len(g.Events()) == demoEvents })
	g.Eventually("messages at the receiver", func() bool { return len(r.taken()) >= demoEvents })
	host, err := os.Hostname()
	require.NoError(t, err)
	var sent []string
	for _, e := range g.Events() {
		frame, err := cef.AppendSyslog(nil, e, host)
		require.NoError(t, err)
		_, message, _ := strings.Cut(string(frame), " ") // behind its length
		sent = append(sent, message)
	}
	slices.Sort(sent)
	assert.Equal(t, sent, slices.Sorted(slices.Values(r.taken())))
	syslog.requireStored(t, v, g.Events())
}
