package main

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"
)

// kindOfError returns one of a few words for an error of a request. The error itself may
// have the URL, and what the server has sent.
func kindOfError(err error) string {
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		return "host not found"
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "certificate not trusted"
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() || errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	for _, k := range []struct {
		err  error
		kind string
	}{
		{http.ErrSchemeMismatch, "no TLS there"},
		{syscall.ECONNREFUSED, "connection refused"},
		{syscall.ECONNRESET, "connection reset"},
		{syscall.EPIPE, "connection reset"},
		{syscall.EHOSTUNREACH, "host unreachable"},
		{syscall.ENETUNREACH, "host unreachable"},
		{io.EOF, "connection closed before the answer"},
		{io.ErrUnexpectedEOF, "connection closed before the answer"},
	} {
		if errors.Is(err, k.err) {
			return k.kind
		}
	}
	return "no valid answer"
}
