//go:build unix

package clustertest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
)

// A gateway is one that runs on the cluster.
type gateway struct {
	*gatewaytest.Process
	user    string // its user of NATS
	senders *senders
	killed  bool

	output  *bufio.Reader // what it prints
	partial []byte        // the beginning of a line
}

// startGateway starts gateway number i, and does not wait until it listens.
func startGateway(t *testing.T, c *cluster, i int) *gateway {
	t.Helper()
	g := &gateway{user: fmt.Sprintf("gateway-%d", i)}
	env := append(gatewaytest.WithRelock[:1:1], "SSL_CERT_FILE="+c.certFile)
	g.Process = gatewaytest.New(t, env, "-nats", c.urls(g.user, i), "-replicas", "3")
	name := filepath.Join(t.ArtifactDir(), g.user+".out")
	stdout, err := os.Create(name)
	require.NoError(t, err)
	g.Cmd.Stdout = stdout
	g.Starting()
	require.NoError(t, stdout.Close()) // the process has its own
	t.Cleanup(g.Kill)
	printed, err := os.Open(name)
	require.NoError(t, err)
	t.Cleanup(func() { _ = printed.Close() })
	g.output = bufio.NewReader(printed)
	return g
}

// die kills the gateway while it holds events. It is stopped first: events that the other
// gateway takes then are given to it, and it does not handle them.
func (g *gateway) die(other *gateway) {
	g.T.Helper()
	g.senders.finish()
	require.NoError(g.T, g.Cmd.Process.Signal(syscall.SIGSTOP))
	other.senders.burst(200)
	g.Kill()
	g.killed = true
}

// read counts the events that were printed since the last call.
func (g *gateway) read(printed map[int]int) {
	g.T.Helper()
	for {
		rest, err := g.output.ReadBytes('\n')
		g.partial = append(g.partial, rest...)
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(g.T, err)
		var e struct {
			Data struct{ Session struct{ ID string } }
		}
		require.NoError(g.T, json.Unmarshal(g.partial, &e), "%s", g.partial)
		n, err := strconv.Atoi(e.Data.Session.ID)
		require.NoError(g.T, err)
		printed[n]++
		g.partial = g.partial[:0]
	}
}
