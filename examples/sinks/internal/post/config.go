package post

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/accesshook/accesshook/event"
)

// Config says where requests are sent, and how. Its fields, but for Name, Path,
// OtherCredentials and MaxAnswer, are those of the Config of a sink.
type Config struct {
	// Name begins every error.
	Name string
	// URL is where requests are sent. It has no user or password.
	URL string
	// Path is where below URL requests are sent. URL may end with it.
	Path string
	// Authorization is the value of that header: a scheme and a credential. None: zero.
	Authorization event.Secret
	// OtherCredentials says that headers of requests hold some, as Authorization does.
	OtherCredentials bool
	// CAFile has the certificates of the authorities that are trusted, in PEM. Empty: those
	// of the system.
	CAFile string
	// Timeout bounds one request with its answer.
	Timeout time.Duration
	// MaxAnswer bounds the body of an answer, in bytes. Zero: 1 MiB.
	MaxAnswer int64
}

// New returns a Client. An error names the field that is wrong, and does not hold it.
func New(c Config) (*Client, error) {
	target, err := parseURL(c.URL)
	if err != nil {
		return nil, fmt.Errorf("%s: Config.URL %w", c.Name, err)
	}
	if err := checkAuthorization(c.Authorization); err != nil {
		return nil, fmt.Errorf("%s: Config.Authorization %w", c.Name, err)
	}
	if (c.OtherCredentials || !c.Authorization.IsZero()) && target.Scheme == "http" && !isLoopback(target.Hostname()) {
		return nil, fmt.Errorf("%s: Config.URL is http: anyone on the way could read the credential. Use https", c.Name)
	}
	if c.Timeout < 0 {
		return nil, fmt.Errorf("%s: Config.Timeout is negative", c.Name)
	}
	roots, err := Roots(c.CAFile)
	if err != nil {
		return nil, fmt.Errorf("%s: Config.CAFile %w", c.Name, err)
	}
	target.Path, target.RawPath = strings.TrimSuffix(target.Path, c.Path), strings.TrimSuffix(target.RawPath, c.Path)
	// Not that of package http, which a program may have replaced or changed.
	transport := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 30 * time.Second}).DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: roots},
		TLSHandshakeTimeout:    30 * time.Second,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true, // answers are small, and a small one could become a large one
		MaxResponseHeaderBytes: 64 << 10,
		MaxIdleConnsPerHost:    16,
		IdleConnTimeout:        90 * time.Second,
	}
	return &Client{
		name: c.Name, base: target, path: c.Path, authorization: c.Authorization,
		timeout: c.Timeout, maxAnswer: cmp.Or(c.MaxAnswer, 1<<20),
		http: &http.Client{
			Transport: transport,
			// The server of a redirect would get the credential and the events.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// parseURL returns an error without the URL, which may hold a credential.
func parseURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case s == "":
		return nil, errors.New("is empty")
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "":
		return nil, errors.New("is not http or https with a host")
	case u.User != nil:
		return nil, errors.New("has a user or a password: set Authorization")
	case u.Fragment != "":
		return nil, errors.New("has a fragment")
	}
	return u, nil
}

func checkAuthorization(s event.Secret) error {
	if s.IsZero() {
		return nil
	}
	text, ok := s.Reveal()
	scheme, credential, _ := strings.Cut(text, " ")
	switch {
	case !ok:
		return errors.New("is masked")
	case scheme == "" || strings.TrimSpace(credential) != credential || credential == "":
		return errors.New(`is not a scheme and a credential, such as "Bearer" and a token`)
	case strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }):
		return errors.New("has characters other than visible ASCII")
	}
	return nil
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback() || strings.EqualFold(host, "localhost")
}

// maxFile bounds a file of certificates, in bytes.
const maxFile = 4 << 20

// Roots returns the certificates of a PEM file, or nil, the system's, if name is empty.
func Roots(name string) (*x509.CertPool, error) {
	if name == "" {
		return nil, nil
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxFile))
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(content) {
		return nil, errors.New("has no certificate in PEM")
	}
	return roots, nil
}
