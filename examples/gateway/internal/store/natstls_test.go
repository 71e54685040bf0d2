package store_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	natsd "github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
)

// An authority signs certificates.
type authority struct {
	t    *testing.T
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	pem  string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t}
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "authority of a test"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a.pem, a.key = a.sign(template)
	block, _ := pem.Decode([]byte(a.pem))
	var err error
	a.cert, err = x509.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	return a
}

// sign returns a certificate, signed by a or, if that has none yet, by itself.
func (a *authority) sign(template *x509.Certificate) (string, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(a.t, err)
	template.SerialNumber, err = rand.Int(rand.Reader, big.NewInt(1<<62))
	require.NoError(a.t, err)
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	require.NoError(a.t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), key
}

// issue returns a certificate for loopback and its key.
func (a *authority) issue() (cert, key string) {
	a.t.Helper()
	cert, private := a.sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: "gateway"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	})
	der, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(a.t, err)
	return cert, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// serverTLS has a server show a certificate of a, and demand one.
func (a *authority) serverTLS() func(*natsd.Options) {
	a.t.Helper()
	pair, err := tls.X509KeyPair(bytesOf(a.issue()))
	require.NoError(a.t, err)
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return func(o *natsd.Options) {
		o.TLS, o.TLSTimeout = true, gatewaytest.Patience.Seconds()
		o.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool}
	}
}

func bytesOf(cert, key string) ([]byte, []byte) { return []byte(cert), []byte(key) }

// The servers have certificates of a private authority, and demand one of the gateway.
func TestNATSPrivateAuthority(t *testing.T) {
	ours, others := newAuthority(t), newAuthority(t)
	s := startNATS(t, ours.serverTLS())
	url := strings.Replace(s.url(), "nats://", "tls://", 1)
	cert, key := ours.issue()
	strange, strangeKey := others.issue()
	ca, certFile, keyFile := gatewaytest.WriteFile(t, ours.pem), gatewaytest.WriteFile(t, cert), gatewaytest.WriteFile(t, key)
	for name, test := range map[string]struct {
		args []string
		says string
	}{
		"authority of the system": {[]string{"-nats-cert", certFile, "-nats-key", keyFile}, "certificate signed by unknown authority"},
		"another authority":       {[]string{"-nats-ca", gatewaytest.WriteFile(t, others.pem), "-nats-cert", certFile, "-nats-key", keyFile}, "certificate signed by unknown authority"},
		"no certificate":          {[]string{"-nats-ca", ca}, "tls"},
		"a strange certificate":   {[]string{"-nats-ca", ca, "-nats-cert", gatewaytest.WriteFile(t, strange), "-nats-key", gatewaytest.WriteFile(t, strangeKey)}, "tls"},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"-addr", "127.0.0.1:0", "-nats", url}, test.args...)
			status, _, stderr := gatewaytest.RunToEnd(t, gatewaytest.WithRelock, args...)
			assert.Equal(t, 1, status)
			assert.Contains(t, stderr, `level=ERROR msg=failed error="cannot open the store: `)
			assert.Contains(t, stderr, test.says)
			gatewaytest.RequireNoSecret(t, stderr)
		})
	}

	args := []string{"-nats", url, "-nats-ca", ca, "-nats-cert", certFile, "-nats-key", keyFile}
	p := gatewaytest.Start(t, gatewaytest.WithRelock, args...)
	p.End("a")
	assert.Equal(t, []string{"a"}, printedSessions(p, 1))

	// The files are read again at the next connection.
	gatewaytest.ReplaceFile(t, ca, others.pem)
	gatewaytest.ReplaceFile(t, certFile, strange)
	gatewaytest.ReplaceFile(t, keyFile, strangeKey)
	s.stop()
	others.serverTLS()(&s.options)
	s.start()
	p.Eventually("it does not come back", func() bool { return strings.Contains(p.Stderr.String(), "connected to a NATS server again") })
	p.End("b")
	assert.Equal(t, []string{"a", "b"}, printedSessions(p, 2))
}

// -check finds files that are no certificates and keys.
func TestCheckOfNATSFiles(t *testing.T) {
	a := newAuthority(t)
	cert, key := a.issue()
	_, otherKey := a.issue()
	ca, certFile, keyFile := gatewaytest.WriteFile(t, a.pem), gatewaytest.WriteFile(t, cert), gatewaytest.WriteFile(t, key)
	bad := gatewaytest.WriteFile(t, "canary")
	for name, test := range map[string]struct {
		args []string
		fine bool
	}{
		"all":         {[]string{"-nats-ca", ca, "-nats-cert", certFile, "-nats-key", keyFile}, true},
		"authority":   {[]string{"-nats-ca", bad}, false},
		"certificate": {[]string{"-nats-cert", bad, "-nats-key", keyFile}, false},
		"key":         {[]string{"-nats-cert", certFile, "-nats-key", bad}, false},
		"another key": {[]string{"-nats-cert", certFile, "-nats-key", gatewaytest.WriteFile(t, otherKey)}, false},
		"missing":     {[]string{"-nats-ca", bad + "-missing"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			status, _, stderr := gatewaytest.RunToEnd(t, gatewaytest.WithRelock, append([]string{"-check", "-nats", "tls://127.0.0.1:1"}, test.args...)...)
			if test.fine {
				assert.Equal(t, 0, status, stderr)
				return
			}
			assert.Equal(t, 2, status)
			assert.Contains(t, stderr, "-nats-ca, -nats-cert, -nats-key: ")
			gatewaytest.RequireNoSecret(t, stderr)
		})
	}
}

func TestRequireSyncOfNATS(t *testing.T) {
	s := startNATS(t, nil)
	status, _, stderr := gatewaytest.RunToEnd(t, gatewaytest.WithRelock, "-addr", "127.0.0.1:0", "-nats", s.url(), "-require-sync")
	assert.Equal(t, 1, status)
	assert.Contains(t, stderr, "durable: Config.RequireSync: no server says whether it syncs each write")
}
