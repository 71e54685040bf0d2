package certfile

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const kept = "cannot read the TLS certificate again, the old one stays"

// newPair returns a certificate, valid for that long, and its key as PEM.
func newPair(t *testing.T, name string, valid time.Duration) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now(),
		NotAfter:     time.Now().Add(valid),
		DNSNames:     []string{"example.com"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))
}

// replaceFile replaces a file at once, as who renews a certificate should.
func replaceFile(t *testing.T, name, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(name+".new", []byte(content), 0o600))
	require.NoError(t, os.Rename(name+".new", name))
}

// A watched is a Certificate that is watched until the test ends.
type watched struct {
	*Certificate
	t                 *testing.T
	certFile, keyFile string
	log               buffer
}

// A buffer is safe for concurrent use.
type buffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// watch must be called in a bubble of synctest.
func watch(t *testing.T, cert, key string) *watched {
	t.Helper()
	w := &watched{t: t, certFile: filepath.Join(t.TempDir(), "cert.pem"), keyFile: filepath.Join(t.TempDir(), "key.pem")}
	replaceFile(t, w.certFile, cert)
	replaceFile(t, w.keyFile, key)
	var err error
	w.Certificate, err = New(w.certFile, w.keyFile, slog.New(slog.NewTextHandler(&w.log, nil)))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		w.Watch(ctx)
		close(done)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		assert.NotContains(t, w.log.String(), "PRIVATE KEY")
	})
	synctest.Wait()
	return w
}

// served returns the name in the certificate that is served after some time.
func (w *watched) served(after time.Duration) string {
	w.t.Helper()
	time.Sleep(after)
	synctest.Wait()
	pair, err := w.GetCertificate(nil)
	require.NoError(w.t, err)
	return pair.Leaf.Subject.CommonName
}

// logged returns how many log records hold text.
func (w *watched) logged(text string) int { return strings.Count(w.log.String(), text) }

func TestRenewedPairIsServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		firstCert, firstKey := newPair(t, "first", day)
		secondCert, secondKey := newPair(t, "second", 2*day)
		w := watch(t, firstCert, firstKey)
		assert.Equal(t, "first", w.served(0))
		assert.Equal(t, time.Now().Add(day), w.NotAfter().Local())
		replaceFile(t, w.certFile, secondCert)
		replaceFile(t, w.keyFile, secondKey)
		expires := time.Now().Add(2 * day)
		assert.Equal(t, "first", w.served(0), "a handshake does not read files")
		time.Sleep(interval)
		synctest.Wait()
		assert.Equal(t, expires, w.NotAfter().Local(), "it is renewed without a handshake")
		assert.Equal(t, "second", w.served(0))
		assert.Equal(t, 1, w.logged("read the TLS certificate again\""))
		assert.Equal(t, "second", w.served(time.Hour))
		assert.Equal(t, 1, w.logged("\n"))
	})
}

func TestInvalidPairIsNotServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		firstCert, firstKey := newPair(t, "first", 365*day)
		secondCert, secondKey := newPair(t, "second", 365*day)
		w := watch(t, firstCert, firstKey)
		breaks := []func(){
			func() { replaceFile(t, w.certFile, secondCert) }, // half renewed
			func() { replaceFile(t, w.certFile, "") },
			func() { replaceFile(t, w.certFile, "not PEM") },
			func() { replaceFile(t, w.keyFile, secondCert) },
			func() { require.NoError(t, os.Remove(w.keyFile)) },
			func() { require.NoError(t, os.Mkdir(w.keyFile, 0o700)) },
			func() { require.NoError(t, os.Remove(w.keyFile)); replaceFile(t, w.keyFile, "canary") },
			func() { replaceFile(t, w.certFile, strings.Repeat("x", 2<<20)) },
		}
		for i, broken := range breaks {
			broken()
			assert.Equal(t, "first", w.served(interval), i)
			assert.Equal(t, i+1, w.logged(kept), i)
			assert.Equal(t, "first", w.served(3*interval), i)
			assert.Equal(t, i+1, w.logged(kept), "logged once for %d", i)
		}
		replaceFile(t, w.certFile, secondCert)
		replaceFile(t, w.keyFile, secondKey)
		assert.Equal(t, "second", w.served(interval))
		assert.NotContains(t, w.log.String(), "canary")
	})
}

// What was broken, mended by the old pair, and is broken in the same way again is logged
// again.
func TestOldPairThatComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cert, key := newPair(t, "first", 365*day)
		w := watch(t, cert, key)
		away := w.keyFile + ".away"
		for i := range 3 {
			require.NoError(t, os.Rename(w.keyFile, away))
			assert.Equal(t, "first", w.served(2*interval))
			assert.Equal(t, i+1, w.logged(kept))
			require.NoError(t, os.Rename(away, w.keyFile))
			assert.Equal(t, "first", w.served(2*interval))
		}
		assert.Zero(t, w.logged("read the TLS certificate again\""), "nothing was renewed")
	})
}

// A pair that could not be read is tried again even if the files seem unchanged: their
// permissions may have changed.
func TestPairIsReadUntilItCanBe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		firstCert, firstKey := newPair(t, "first", 365*day)
		secondCert, secondKey := newPair(t, "second", 365*day)
		w := watch(t, firstCert, firstKey)
		replaceFile(t, w.certFile, secondCert)
		replaceFile(t, w.keyFile, strings.Repeat("?", len(secondKey)))
		assert.Equal(t, "first", w.served(interval))
		info, err := os.Stat(w.keyFile)
		require.NoError(t, err)
		f, err := os.OpenFile(w.keyFile, os.O_WRONLY, 0)
		require.NoError(t, err)
		_, err = f.WriteString(secondKey)
		require.NoError(t, errors.Join(err, f.Close(), os.Chtimes(w.keyFile, time.Time{}, info.ModTime())))
		assert.Equal(t, "second", w.served(interval))
	})
}

func TestExpiryIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		firstCert, firstKey := newPair(t, "first", 6*time.Hour)
		w := watch(t, firstCert, firstKey)
		w.served(5*time.Hour - interval)
		assert.Empty(t, w.log.String())
		w.served(2 * interval)
		assert.Equal(t, 1, w.logged(`level=WARN msg="the TLS certificate expires soon"`))
		w.served(day - 2*interval)
		assert.Equal(t, 1, w.logged("\n"), "once a day")
		w.served(2 * interval)
		assert.Equal(t, 1, w.logged(`level=ERROR msg="the TLS certificate has expired"`))
		assert.Equal(t, 2, w.logged("\n"))
	})
}

func TestNewRefusesWhatCannotBeServed(t *testing.T) {
	cert, key := newPair(t, "first", day)
	_, otherKey := newPair(t, "other", day)
	certFile, keyFile := filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	_, err := New(certFile, keyFile, nil)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, certFile)
	replaceFile(t, certFile, cert)
	_, err = New(certFile, keyFile, nil)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, keyFile)
	replaceFile(t, keyFile, otherKey)
	_, err = New(certFile, keyFile, nil)
	require.ErrorContains(t, err, "does not match")
	replaceFile(t, keyFile, key)
	_, err = New(certFile, keyFile, nil)
	require.NoError(t, err)
}

func TestHandshake(t *testing.T) {
	cert, key := newPair(t, "first", day)
	certFile, keyFile := filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	replaceFile(t, certFile, cert)
	replaceFile(t, keyFile, key)
	c, err := New(certFile, keyFile, nil)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(cert))
	for version, ok := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		a, b := net.Pipe()
		server := tls.Server(a, c.Config())
		go func() {
			_ = server.Handshake() // the client has the error
			a.Close()
		}()
		client := tls.Client(b, &tls.Config{RootCAs: roots, ServerName: "example.com", MinVersion: tls.VersionTLS10, MaxVersion: version})
		err := client.Handshake()
		assert.Equal(t, ok, err == nil, "%s: %v", tls.VersionName(version), err)
		b.Close()
	}
}
