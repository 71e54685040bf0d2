package main

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"
)

// certificateCheck is the shortest time between two looks at the files.
const certificateCheck = time.Second

// A certificate is a pair of files that may be renewed while the gateway runs.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger

	mu      sync.Mutex
	pair    *tls.Certificate
	files   []os.FileInfo // when pair was read
	checked time.Time
	failed  []os.FileInfo // when reading failed the last time
	failure string        // why; "" if the last reading succeeded
}

// newCertificate reads the pair for the first time.
func newCertificate(certFile, keyFile string, log *slog.Logger) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, log: log, checked: time.Now()}
	c.files = c.stat()
	var err error
	c.pair, err = c.load()
	return c, err
}

// config returns the TLS configuration of a server.
func (c *certificate) config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get}
}

// get implements GetCertificate of [tls.Config]. While the new pair is invalid, or only
// one of its files has been replaced, get returns the old pair.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if now.Sub(c.checked) < certificateCheck {
		return c.pair, nil
	}
	c.checked = now
	files := c.stat() // before reading: a later change is noticed next time
	if slices.EqualFunc(files, c.files, sameFile) {
		c.failure = ""
		return c.pair, nil
	}
	pair, err := c.load()
	if err != nil {
		// It is tried again even if the files do not change: the cause may be
		// permissions, or too many open files. It is logged once.
		if c.failure != err.Error() || !slices.EqualFunc(files, c.failed, sameFile) {
			c.failed, c.failure = files, err.Error()
			c.log.Error("cannot read the TLS certificate again, the old one stays", "error", err)
		}
		return c.pair, nil
	}
	c.files, c.pair, c.failure = files, pair, ""
	c.log.Info("read the TLS certificate again", "expires", pair.Leaf.NotAfter)
	return c.pair, nil
}

func (c *certificate) load() (*tls.Certificate, error) {
	cert, err := readFile(c.certFile)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.certFile, err)
	}
	key, err := readFile(c.keyFile)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.keyFile, err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, err
	}
	return &pair, nil
}

// stat returns nil for a file whose information cannot be read.
func (c *certificate) stat() []os.FileInfo {
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
