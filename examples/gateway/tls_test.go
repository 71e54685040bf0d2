package main_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
)

// newPair returns a certificate and its key as PEM.
func newPair(t *testing.T, name string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))
}

// startTLS starts a gateway that serves HTTPS, with a renewable pair of files.
func startTLS(t *testing.T, cert, key string) (p *gatewaytest.Process, certFile, keyFile string) {
	t.Helper()
	certFile, keyFile = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	require.NoError(t, os.WriteFile(certFile, []byte(cert), 0o600))
	require.NoError(t, os.WriteFile(keyFile, []byte(key), 0o600))
	p = gatewaytest.Start(t, gatewaytest.WithRelock, "-tls-cert", certFile, "-tls-key", keyFile)
	p.URL = strings.Replace(p.URL, "http:", "https:", 1)
	return p, certFile, keyFile
}

func trusting(certs ...string) *tls.Config {
	c := &tls.Config{RootCAs: x509.NewCertPool()}
	for _, cert := range certs {
		c.RootCAs.AppendCertsFromPEM([]byte(cert))
	}
	return c
}

// served returns the name in the certificate that a new connection gets.
func served(p *gatewaytest.Process, c *tls.Config) string {
	p.T.Helper()
	conn, err := tls.Dial("tcp", strings.TrimPrefix(p.URL, "https://"), c)
	require.NoError(p.T, err)
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].Subject.CommonName
}

func TestHTTPS(t *testing.T) {
	cert, key := newPair(t, "first")
	p, _, _ := startTLS(t, cert, key)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: trusting(cert), ForceAttemptHTTP2: true}}
	defer client.CloseIdleConnections()
	for _, text := range []string{"one", "two"} {
		r, err := p.Alert("canary-relock-secret", text)
		require.NoError(t, err)
		answer, err := client.Do(r)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		assert.Equal(t, 200, answer.StatusCode)
		assert.Equal(t, 1, answer.ProtoMajor)
	}
	old := trusting(cert)
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	_, err := tls.Dial("tcp", strings.TrimPrefix(p.URL, "https://"), old)
	require.ErrorContains(t, err, "protocol version")
	tls12 := trusting(cert)
	tls12.MaxVersion = tls.VersionTLS12
	assert.Equal(t, "first", served(p, tls12))
	p.Stop()
	assert.Len(t, p.Events(), 2)
}

func TestRenewedCertificateIsServed(t *testing.T) {
	firstCert, firstKey := newPair(t, "first")
	secondCert, secondKey := newPair(t, "second")
	thirdCert, thirdKey := newPair(t, "third")
	p, certFile, keyFile := startTLS(t, firstCert, firstKey)
	trust := trusting(firstCert, secondCert, thirdCert)
	require.Equal(t, "first", served(p, trust))

	gatewaytest.ReplaceFile(t, keyFile, secondKey)
	gatewaytest.ReplaceFile(t, certFile, secondCert)
	p.Eventually("not renewed", func() bool { return served(p, trust) == "second" })

	const kept = "cannot read the TLS certificate again, the old one stays"
	for i, broken := range []struct{ cert, key string }{
		{thirdCert, secondKey}, // half replaced
		{"", thirdKey},
		{"not PEM", thirdKey},
		{thirdCert, "canary"},
		{thirdCert, firstKey},
	} {
		before := strings.Count(p.Stderr.String(), kept)
		gatewaytest.ReplaceFile(t, certFile, broken.cert)
		gatewaytest.ReplaceFile(t, keyFile, broken.key)
		p.Eventually("nothing logged", func() bool {
			require.Equal(t, "second", served(p, trust), "broken pair %d", i)
			return strings.Count(p.Stderr.String(), kept) > before
		})
		require.Equal(t, "second", served(p, trust), "broken pair %d", i)
	}
	before := strings.Count(p.Stderr.String(), kept)
	require.NoError(t, os.Remove(keyFile))
	p.Eventually("nothing logged", func() bool {
		require.Equal(t, "second", served(p, trust), "no file")
		return strings.Count(p.Stderr.String(), kept) > before
	})

	gatewaytest.ReplaceFile(t, keyFile, thirdKey) // certFile has its certificate
	p.Eventually("not mended", func() bool { return served(p, trust) == "third" })
	p.Stop()
	assert.NotContains(t, p.Stderr.String(), "PRIVATE KEY-")
}

// Open connections are not affected.
func TestRenewalDuringAConnection(t *testing.T) {
	firstCert, firstKey := newPair(t, "first")
	secondCert, secondKey := newPair(t, "second")
	p, certFile, keyFile := startTLS(t, firstCert, firstKey)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: trusting(firstCert)}}
	defer client.CloseIdleConnections()
	send := func(text string) {
		r, err := p.Alert("canary-relock-secret", text)
		require.NoError(t, err)
		answer, err := client.Do(r)
		require.NoError(t, err)
		defer answer.Body.Close()
		_, err = io.Copy(io.Discard, answer.Body) // so that the connection is used again
		require.NoError(t, err)
		require.Equal(t, 200, answer.StatusCode)
	}
	send("before")
	gatewaytest.ReplaceFile(t, certFile, secondCert)
	gatewaytest.ReplaceFile(t, keyFile, secondKey)
	p.Eventually("not renewed", func() bool { return served(p, trusting(firstCert, secondCert)) == "second" })
	send("after") // with a new connection it would not trust the gateway
}

// While the renewed key is a pipe that nobody writes, the old pair is served at once.
func TestPipeInPlaceOfTheKey(t *testing.T) {
	gatewaytest.Needs(t, "mkfifo")
	cert, key := newPair(t, "first")
	p, _, keyFile := startTLS(t, cert, key)
	require.NoError(t, os.Remove(keyFile))
	gatewaytest.Execute(t, "", "mkfifo", keyFile)
	p.Eventually("it is not noticed", func() bool {
		assert.Equal(t, "first", served(p, trusting(cert)))
		return strings.Contains(p.Stderr.String(), "the old one stays")
	})
	for range 20 {
		assert.Equal(t, "first", served(p, trusting(cert)))
	}
}
