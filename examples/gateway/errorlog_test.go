package main

import (
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestErrorLogIsSampled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		l := newErrorLog(slog.New(slog.NewTextHandler(&out, nil)))
		for range 1000 {
			l.Print("http: TLS handshake error")
		}
		assert.Equal(t, 100, strings.Count(out.String(), "\n"))
		time.Sleep(time.Second)
		l.Print("another")
		assert.Contains(t, out.String(), "level=WARN msg=another suppressed=900\n")
	})
}

func TestErrorsOfConnectionsAreLogged(t *testing.T) {
	cert, key := newPair(t, "gateway")
	p, _, _ := startTLS(t, cert, key)
	c, err := net.Dial("tcp", strings.TrimPrefix(p.url, "https://"))
	require.NoError(t, err)
	_, err = c.Write([]byte("GET /healthz HTTP/1.1\r\n\r\n"))
	require.NoError(t, err)
	require.NoError(t, c.Close())
	p.eventually("not logged", func() bool { return strings.Contains(p.stderr.String(), "TLS handshake error from 127.0.0.1:") })
}
