package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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
func startTLS(t *testing.T, cert, key string) (p *process, certFile, keyFile string) {
	t.Helper()
	certFile, keyFile = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	require.NoError(t, os.WriteFile(certFile, []byte(cert), 0o600))
	require.NoError(t, os.WriteFile(keyFile, []byte(key), 0o600))
	p = start(t, []string{"RELOCK_SECRETS=canary-relock-secret"}, "-tls-cert", certFile, "-tls-key", keyFile)
	p.url = strings.Replace(p.url, "http:", "https:", 1)
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
func (p *process) served(c *tls.Config) string {
	p.t.Helper()
	conn, err := tls.Dial("tcp", strings.TrimPrefix(p.url, "https://"), c)
	require.NoError(p.t, err)
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].Subject.CommonName
}

func TestHTTPS(t *testing.T) {
	cert, key := newPair(t, "first")
	p, _, _ := startTLS(t, cert, key)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: trusting(cert), ForceAttemptHTTP2: true}}
	defer client.CloseIdleConnections()
	for _, text := range []string{"one", "two"} {
		r, err := relockRequest(t, p, "canary-relock-secret", text)
		require.NoError(t, err)
		answer, err := client.Do(r)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		assert.Equal(t, 200, answer.StatusCode)
		assert.Equal(t, 1, answer.ProtoMajor)
	}
	old := trusting(cert)
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	_, err := tls.Dial("tcp", strings.TrimPrefix(p.url, "https://"), old)
	require.ErrorContains(t, err, "protocol version")
	tls12 := trusting(cert)
	tls12.MaxVersion = tls.VersionTLS12
	assert.Equal(t, "first", p.served(tls12))
	p.stop()
	assert.Len(t, p.events(), 2)
}

func TestRenewedCertificateIsServed(t *testing.T) {
	firstCert, firstKey := newPair(t, "first")
	secondCert, secondKey := newPair(t, "second")
	thirdCert, thirdKey := newPair(t, "third")
	p, certFile, keyFile := startTLS(t, firstCert, firstKey)
	trust := trusting(firstCert, secondCert, thirdCert)
	require.Equal(t, "first", p.served(trust))

	replaceFile(t, keyFile, secondKey)
	replaceFile(t, certFile, secondCert)
	p.eventually("not renewed", func() bool { return p.served(trust) == "second" })

	const kept = "cannot read the TLS certificate again, the old one stays"
	for i, broken := range []struct{ cert, key string }{
		{thirdCert, secondKey}, // half replaced
		{"", thirdKey},
		{"not PEM", thirdKey},
		{thirdCert, "canary"},
		{thirdCert, firstKey},
	} {
		before := strings.Count(p.stderr.String(), kept)
		replaceFile(t, certFile, broken.cert)
		replaceFile(t, keyFile, broken.key)
		p.eventually("nothing logged", func() bool {
			require.Equal(t, "second", p.served(trust), "broken pair %d", i)
			return strings.Count(p.stderr.String(), kept) > before
		})
		require.Equal(t, "second", p.served(trust), "broken pair %d", i)
	}
	before := strings.Count(p.stderr.String(), kept)
	require.NoError(t, os.Remove(keyFile))
	p.eventually("nothing logged", func() bool {
		require.Equal(t, "second", p.served(trust), "no file")
		return strings.Count(p.stderr.String(), kept) > before
	})

	replaceFile(t, keyFile, thirdKey) // certFile has its certificate
	p.eventually("not mended", func() bool { return p.served(trust) == "third" })
	p.stop()
	assert.NotContains(t, p.stderr.String(), "PRIVATE KEY-")
}

// A pair that could not be read is tried again even if the files seem unchanged: their
// permissions may have changed. The log says so once.
func TestCertificateIsReadUntilItCanBe(t *testing.T) {
	firstCert, firstKey := newPair(t, "first")
	secondCert, secondKey := newPair(t, "second")
	certFile, keyFile := writeFile(t, firstCert), writeFile(t, firstKey)
	synctest.Test(t, func(t *testing.T) {
		var log buffer
		c, err := newCertificate(certFile, keyFile, slog.New(slog.NewTextHandler(&log, nil)))
		require.NoError(t, err)
		served := func() string {
			time.Sleep(certificateCheck)
			pair, err := c.get(nil)
			require.NoError(t, err)
			return pair.Leaf.Subject.CommonName
		}
		unreadable := strings.Repeat("?", len(secondKey))
		for i := range 2 {
			replaceFile(t, certFile, secondCert)
			replaceFile(t, keyFile, unreadable)
			for range 3 {
				assert.Equal(t, "first", served())
			}
			assert.Equal(t, i+1, strings.Count(log.String(), "the old one stays"))
		}
		info, err := os.Stat(keyFile)
		require.NoError(t, err)
		f, err := os.OpenFile(keyFile, os.O_WRONLY, 0)
		require.NoError(t, err)
		_, err = f.WriteString(secondKey)
		require.NoError(t, errors.Join(err, f.Close(), os.Chtimes(keyFile, time.Time{}, info.ModTime())))
		assert.Equal(t, "second", served())
	})
}

// Open connections are not affected.
func TestRenewalDuringAConnection(t *testing.T) {
	firstCert, firstKey := newPair(t, "first")
	secondCert, secondKey := newPair(t, "second")
	p, certFile, keyFile := startTLS(t, firstCert, firstKey)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: trusting(firstCert)}}
	defer client.CloseIdleConnections()
	send := func(text string) {
		r, err := relockRequest(t, p, "canary-relock-secret", text)
		require.NoError(t, err)
		answer, err := client.Do(r)
		require.NoError(t, err)
		defer answer.Body.Close()
		_, err = io.Copy(io.Discard, answer.Body) // so that the connection is used again
		require.NoError(t, err)
		require.Equal(t, 200, answer.StatusCode)
	}
	send("before")
	replaceFile(t, certFile, secondCert)
	replaceFile(t, keyFile, secondKey)
	p.eventually("not renewed", func() bool { return p.served(trusting(firstCert, secondCert)) == "second" })
	send("after") // with a new connection it would not trust the gateway
}
