package gatewaytest

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A Connection sends a request in pieces.
type Connection struct {
	net.Conn
	T *testing.T
}

// Dial connects to the gateway.
func (p *Process) Dial() Connection {
	p.T.Helper()
	_, addr, _ := strings.Cut(p.URL, "://")
	return Dial(p.T, addr)
}

// Dial connects to addr. The connection is closed when the test ends.
func Dial(t *testing.T, addr string) Connection {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	require.NoError(t, c.SetDeadline(time.Now().Add(Patience)))
	t.Cleanup(func() { _ = c.Close() })
	return Connection{c, t}
}

// Send sends text.
func (c Connection) Send(text string) {
	c.T.Helper()
	_, err := io.WriteString(c.Conn, text)
	require.NoError(c.T, err)
}

// Answer reads an answer.
func (c Connection) Answer() (status int, body string) {
	c.T.Helper()
	answer, err := http.ReadResponse(bufio.NewReader(c.Conn), nil)
	require.NoError(c.T, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(c.T, err)
	return answer.StatusCode, string(text)
}

// Accepted makes sure that earlier connections have been accepted: the server accepts
// them in order.
func (p *Process) Accepted() {
	p.T.Helper()
	c := p.Dial()
	c.Send("GET /healthz HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n")
	status, answer := c.Answer()
	require.Equal(p.T, 200, status)
	require.Contains(p.T, answer, `{"status":"ok"`)
}
