package server

import (
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestLogIsSampled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		l := newSampledLog(slog.New(slog.NewTextHandler(&out, nil)), 10, 100).logger()
		for range 1000 {
			l.Print("http: TLS handshake error")
		}
		assert.Equal(t, 100, strings.Count(out.String(), "\n"))
		time.Sleep(time.Second)
		l.Print("another")
		assert.Contains(t, out.String(), "level=WARN msg=another suppressed=900\n")
	})
}

// What net/http answers itself is counted, whether it is the first request of a
// connection, a later one, or one that was sent before the first was answered.
func TestErrorsOfTheServerAreCounted(t *testing.T) {
	serverTLS, clientTLS := newPair(t)
	for status, request := range map[string]string{
		"400": "GET /hello HTTP/1.1\r\nHost: a\r\nHost: canary\r\n\r\n",
		"417": "POST /webhooks/relock HTTP/1.1\r\nHost: gateway\r\nExpect: canary\r\n\r\n",
		"431": "GET /hello HTTP/1.1\r\nHost: gateway\r\nX-Long: " + strings.Repeat("canary", 3000),
		"501": "POST /webhooks/relock HTTP/1.1\r\nHost: gateway\r\nTransfer-Encoding: canary\r\n\r\n",
		"505": "GET /hello HTTP/3.0\r\n\r\n",
	} {
		for _, https := range []bool{false, true} {
			for _, before := range []string{"", hello, genuine(t, "1"), "pipelined"} {
				c := Config{MaxHeader: 1 << 10}
				if https {
					c.TLS = serverTLS
				}
				inBubble(t, c, func(t *testing.T, g *gateway, n *network) {
					p := n.dial("192.0.2.1")
					if https {
						p.Conn = tls.Client(p.Conn, clientTLS)
					}
					text := request
					switch before {
					case "":
					case "pipelined":
						text = hello + request
					default:
						p.send(before).answer()
					}
					go func() { _, _ = io.WriteString(p.Conn, text) }()
					if text != request {
						p.answer()
					}
					assert.Equal(t, status, fmt.Sprint(p.answer().StatusCode))
					assert.Equal(t, uint64(1), g.Stats().Refused[status])
					assert.Contains(t, g.log.String(), `level=WARN msg="the HTTP server refused a request" status=`+status+" client=192.0.2.1:4711\n")
					assert.NotContains(t, g.log.String(), "canary")
				})
			}
		}
	}
}

func TestAnswersOfHandlersAreNoErrorsOfTheServer(t *testing.T) {
	for _, text := range []string{
		hello, strings.ReplaceAll(hello, "hello", "nothing"),
		strings.ReplaceAll(hello, "GET /hello", "OPTIONS *"),
		strings.ReplaceAll(hello, "hello", "webhooks/relock"),
		strings.ReplaceAll(genuine(t, "1"), "\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n"),
		strings.ReplaceAll(genuine(t, "1"), "X-Relock", "X-Forged") + hello,
	} {
		inBubble(t, Config{}, func(t *testing.T, g *gateway, n *network) {
			n.dial("192.0.2.1").send(text).answer()
			for _, status := range []string{"200", "400", "401", "404", "405"} {
				assert.Zero(t, g.Stats().Refused[status], text)
			}
		})
	}
}

// What is known to happen is there from the start, so that the first is an increase.
func TestCountsStartAtZero(t *testing.T) {
	want := Stats{
		Connections: map[string]int{"idle": 0, "header": 0, "request": 0, "event": 0, "answer": 0},
		Closed:      map[string]uint64{"max_connections": 0, "max_per_client": 0, "descriptors": 0, "refused": 0},
		Refused:     map[string]uint64{"400": 0, "417": 0, "431": 0, "501": 0, "505": 0},
	}
	assert.Equal(t, want, newGateway(t, Config{}).Stats())
}
