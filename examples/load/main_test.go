package main

import (
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The test binary is also the bare server, as the program is.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == bareCommand {
		_ = serveBare(os.Args[2:])
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func TestRun(t *testing.T) {
	for name, send := range senders {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			require.NoError(t, run(t.Context(), &out, 3, 200, 7, send))
			assert.Regexp(t, `(?m)^round 3: gateway \d+/s, bare handler \d+/s, ratio \d+\.\d\d\nprocessor time for a request: gateway \d+\.\d µs, bare handler \d+\.\d µs, ratio \d+\.\d\d\nmedian: gateway \d+/s, bare handler \d+/s, ratio \d+\.\d\d\n\z`, out.String())
		})
	}
}

// A refusal must not count as a fast answer.
func TestOtherAnswersAreErrors(t *testing.T) {
	for name, send := range senders {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewUnstartedServer(http.NotFoundHandler())
			to := target{addr: s.Listener.Addr().String()}
			if send.tls {
				s.StartTLS()
				to.roots = x509.NewCertPool()
				to.roots.AddCert(s.Certificate())
			} else {
				s.Start()
			}
			defer s.Close()
			_, err := sendAll(t.Context(), to, deliveries(0, 9), 3, send)
			assert.ErrorContains(t, err, "404")
		})
	}
}

func TestEveryEventDiffers(t *testing.T) {
	seen := make(map[string]bool)
	for round := range 3 {
		for _, d := range deliveries(round, 50) {
			seen[string(d.body)] = true
		}
	}
	assert.Len(t, seen, 150)
}
