// Package certfile serves a TLS certificate from two files that are renewed while the
// program runs, as certbot, cert-manager and others do.
//
//	cert, err := certfile.New("cert.pem", "key.pem", nil)
//	if err != nil {
//		log.Fatal(err)
//	}
//	go cert.Watch(ctx)
//	server := &http.Server{TLSConfig: cert.Config()}
//	log.Fatal(server.ListenAndServeTLS("", ""))
//
// No handshake reads a file.
package certfile

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/accesshook/accesshook/internal/smallfile"
)

const (
	// interval is how often the files are looked at.
	interval = time.Second

	// warnBefore is the longest time before the certificate expires at which the log warns.
	// It is shorter for one that is valid for less than 12 weeks.
	warnBefore = 14 * day

	day = 24 * time.Hour
)

// A Certificate is a certificate and its private key, in two PEM files. It is safe for
// concurrent use.
type Certificate struct {
	certFile, keyFile string
	log               *slog.Logger
	pair              atomic.Pointer[tls.Certificate]
	files             []os.FileInfo // of pair
}

// New reads the files for the first time. A nil log is [slog.Default]. Files of more than
// 1 MiB are refused, and pipes that nobody writes to within 10 seconds.
//
// Errors and log records hold the names of the files, never what is in them.
func New(certFile, keyFile string, log *slog.Logger) (*Certificate, error) {
	if log == nil {
		log = slog.Default()
	}
	c := &Certificate{certFile: certFile, keyFile: keyFile, log: log}
	c.files = c.stat() // before reading: a later change is noticed
	pair, err := c.load()
	if err != nil {
		return nil, err
	}
	c.pair.Store(pair)
	return c, nil
}

// Config returns a new configuration for a server, for TLS 1.2 and later. The caller may
// change it.
func (c *Certificate) Config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.GetCertificate}
}

// GetCertificate implements the field of that name in [tls.Config]. It never blocks.
func (c *Certificate) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return c.pair.Load(), nil
}

// NotAfter returns when the certificate in use expires.
func (c *Certificate) NotAfter() time.Time { return c.pair.Load().Leaf.NotAfter }

// Watch looks at the files every second, and reads them when they have changed, until ctx
// ends. Call it once, in a goroutine of its own.
//
// While the new pair cannot be read or is invalid, for example because only one file has
// been replaced, the old one stays. Watch logs that once, and tries again. It warns once a
// day of a certificate that expires within two weeks, or within a sixth of its validity
// if that is shorter.
func (c *Certificate) Watch(ctx context.Context) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	var failed failure
	var warned time.Time
	for {
		c.renew(&failed)
		if now := time.Now(); now.Sub(warned) >= day && c.warn(ctx, now) {
			warned = now
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// A failure is why the files could not be read the last time.
type failure struct {
	reason string // "" if they could
	files  []os.FileInfo
}

// renew reads the files if they have changed.
func (c *Certificate) renew(failed *failure) {
	files := c.stat() // before reading: a later change is noticed next time
	if slices.EqualFunc(files, c.files, sameFile) {
		failed.reason = ""
		return
	}
	pair, err := c.load()
	if err != nil {
		// It is tried again even if the files do not change: the cause may be
		// permissions, or too many open files.
		if failed.reason != err.Error() || !slices.EqualFunc(files, failed.files, sameFile) {
			*failed = failure{err.Error(), files}
			c.log.Error("cannot read the TLS certificate again, the old one stays", "error", err)
		}
		return
	}
	c.pair.Store(pair)
	c.files, failed.reason = files, ""
	c.log.Info("read the TLS certificate again", "expires", pair.Leaf.NotAfter)
}

// warn logs that the certificate expires soon, and reports whether it does.
func (c *Certificate) warn(ctx context.Context, now time.Time) bool {
	leaf := c.pair.Load().Leaf
	before := min(warnBefore, leaf.NotAfter.Sub(leaf.NotBefore)/6)
	switch left := leaf.NotAfter.Sub(now); {
	case left < 0:
		c.log.ErrorContext(ctx, "the TLS certificate has expired", "file", c.certFile, "expires", leaf.NotAfter)
	case left < before:
		c.log.WarnContext(ctx, "the TLS certificate expires soon", "file", c.certFile, "expires", leaf.NotAfter)
	default:
		return false
	}
	return true
}

func (c *Certificate) load() (*tls.Certificate, error) {
	cert, err := smallfile.ReadFile(c.certFile)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.certFile, err)
	}
	key, err := smallfile.ReadFile(c.keyFile)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.keyFile, err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("%s and %s: %w", c.certFile, c.keyFile, err)
	}
	return &pair, nil
}

// stat returns nil for a file whose information cannot be read.
func (c *Certificate) stat() []os.FileInfo {
	var files []os.FileInfo
	for _, name := range []string{c.certFile, c.keyFile} {
		info, _ := os.Stat(name) // reading returns the error
		files = append(files, info)
	}
	return files
}

func sameFile(a, b os.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}
