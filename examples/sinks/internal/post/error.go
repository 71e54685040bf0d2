package post

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"

	"github.com/accesshook/accesshook/event"
)

// An Error is a request that failed. It has no text of a server or a transport, which may
// hold credentials.
type Error struct {
	text  string
	cause error
}

// Error returns the name of the Config, the host, and what happened.
func (e *Error) Error() string { return e.text }

// Unwrap returns [context.Canceled], [context.DeadlineExceeded], [io.ErrUnexpectedEOF], a
// [syscall.Errno], or nil.
func (e *Error) Unwrap() error { return e.cause }

// NewError returns an error with a text that does not have that of its cause.
func NewError(text string, cause error) *Error { return &Error{text, cause} }

func (c *Client) about(what string) string { return c.name + ": " + c.base.Host + " " + what }

// Error returns an error without a mark. what follows the host in its text.
func (c *Client) Error(what string) error { return &Error{text: c.about(what)} }

func (c *Client) unavailable(what string, cause error) error {
	return event.Unavailable(&Error{c.about(what), cause}, 0)
}

// failed returns the error for one of a transport. ctx is that of the request.
func (c *Client) failed(ctx context.Context, err error) error {
	switch ended := ctx.Err(); {
	case ended == context.Canceled:
		return c.unavailable("was not waited for", ended)
	case ended != nil:
		return c.unavailable("did not answer in time", ended)
	}
	what, cause := Describe(err)
	return c.unavailable(what, cause)
}

// Describe says what an error of a connection means, in words that hold nothing of the
// error but a host and the text of a [syscall.Errno], which may be the cause.
func Describe(err error) (what string, cause error) {
	var (
		errno       syscall.Errno
		timeout     net.Error
		connection  *net.OpError
		dns         *net.DNSError
		hostname    x509.HostnameError
		authority   x509.UnknownAuthorityError
		invalid     x509.CertificateInvalidError
		certificate *tls.CertificateVerificationError
		noTLS       tls.RecordHeaderError
		alert       tls.AlertError
	)
	switch {
	case errors.As(err, &dns):
		return "has a name that cannot be resolved", nil
	case errors.As(err, &hostname):
		return "has a certificate for another name", nil
	case errors.As(err, &authority):
		return "has a certificate of an unknown authority", nil
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "has a certificate that has expired or is not valid yet", nil
	case errors.As(err, &certificate):
		return "has a certificate that cannot be verified", nil
	case errors.As(err, &noTLS), errors.Is(err, http.ErrSchemeMismatch):
		return "does not answer with TLS", nil
	case errors.As(err, &alert):
		return "refused the TLS handshake: " + alert.Error(), nil
	case errors.As(err, &connection) && connection.Op == "proxyconnect":
		return "cannot be reached through the proxy", nil
	case errors.As(err, &errno):
		return "failed: " + errno.Error(), errno
	case errors.As(err, &timeout) && timeout.Timeout():
		return "did not answer in time", context.DeadlineExceeded
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "closed the connection", io.ErrUnexpectedEOF
	}
	return "did not answer properly", nil
}
