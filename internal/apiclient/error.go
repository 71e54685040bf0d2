package apiclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/accesshook/accesshook/event"
)

var errTooLarge = errors.New("larger than the limit")

// A slowError is an attempt that took longer than Config.Timeout.
type slowError struct{ timeout time.Duration }

func (e *slowError) Error() string   { return fmt.Sprintf("no whole answer within %v", e.timeout) }
func (e *slowError) Unwrap() error   { return context.DeadlineExceeded }
func (e *slowError) Timeout() bool   { return true }
func (e *slowError) Temporary() bool { return true }

// A failure is a request without an answer. It has the text of the transport's error
// without secrets, and not that error itself, whose fields may hold them.
type failure struct {
	text    string
	timeout bool
	causes  []error // values that hold no text of others
}

func (e *failure) Error() string   { return e.text }
func (e *failure) Unwrap() []error { return e.causes }
func (e *failure) Timeout() bool   { return e.timeout }

// Parts of URLs that may be credentials: of the request, or of a proxy that a transport
// names.
var (
	users   = regexp.MustCompile(`//[^\s"'<>?]*@`)
	queries = regexp.MustCompile(`\?[^\s"'<>]*`)
)

// failed returns the error of a request that was sent so many times.
func (c *Client) failed(ctx context.Context, r Request, target string, err error, attempts int) error {
	var timeout net.Error
	f := &failure{timeout: errors.As(err, &timeout) && timeout.Timeout()}
	ended := ctx.Err()
	if ended != nil {
		f.causes = append(f.causes, ended)
		f.timeout = f.timeout || errors.Is(ended, context.DeadlineExceeded)
	}
	for _, known := range []error{context.Canceled, context.DeadlineExceeded, io.ErrUnexpectedEOF} {
		if known != ended && errors.Is(err, known) {
			f.causes = append(f.causes, known)
		}
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		f.causes = append(f.causes, errno)
	}
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err // it begins with the URL otherwise
	}
	text := err.Error()
	if ended != nil && !strings.Contains(text, ended.Error()) {
		text = ended.Error() + ": " + text
	}
	_, query, _ := strings.Cut(target, "?")
	text = users.ReplaceAllLiteralString(text, "//"+redacted+"@")
	text = queries.ReplaceAllLiteralString(text, "?"+redacted)
	text = show(text, append(slices.Clip(r.Secrets), event.NewSecret(query)))
	if attempts > 1 {
		text = fmt.Sprintf("after %d attempts: %s", attempts, text)
	}
	f.text = fmt.Sprintf("%s: %s %s: %s", c.config.Name, show(r.Method, r.Secrets), show(r.Path, r.Secrets), text)
	return f
}
