package admin

import (
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/accesshook/accesshook/verify"
)

// challenge has a realm of its own, so that a browser does not send the admin password
// to other paths that ask for one, such as Unloc's webhook.
const challenge = `Basic realm="accesshook admin", charset="UTF-8"`

// A login requires a user and a password (HTTP Basic).
type login struct {
	accounts func() *verify.BasicAuth
	client   verify.ClientIP
	failures *failureLimit

	// Anyone can cause records: at most 10 at once and 2 a second.
	log        *slog.Logger
	records    *rate.Limiter
	suppressed atomic.Int64
}

func newLogin(accounts func() *verify.BasicAuth, client verify.ClientIP, log *slog.Logger) *login {
	if client == nil {
		client = verify.RemoteAddr
	}
	return &login{accounts: accounts, client: client, failures: newFailureLimit(), log: log, records: rate.NewLimiter(2, 10)}
}

// guard answers 401 to requests without the right user and password, and 429 to
// clients that have failed too often.
func (l *login) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		wait, err := l.check(r)
		switch {
		case err == nil:
			next.ServeHTTP(w, r)
		case wait > 0:
			w.Header().Set("Retry-After", strconv.FormatFloat(math.Ceil(wait.Seconds()), 'f', 0, 64))
			http.Error(w, "too many failed logins", http.StatusTooManyRequests)
		default:
			w.Header().Set("WWW-Authenticate", challenge)
			http.Error(w, "unauthorized", http.StatusUnauthorized)
		}
	})
}

var errTooManyFailures = errors.New("too many failed logins")

// check returns why a request is refused. If wait is more than zero, the password was
// not checked; the client can try again after that time.
func (l *login) check(r *http.Request) (wait time.Duration, err error) {
	if r.Header["Authorization"] == nil {
		return 0, verify.ErrNoCredential // the first request of a browser: not an attempt
	}
	client, clientErr := l.client(r) // clients without a readable address count as one
	wait, err = l.failures.try(client, func() error {
		_, err := l.accounts().VerifyHeader(r)
		return err
	})
	if wait > 0 {
		err = errTooManyFailures
	}
	if err != nil {
		name := "unknown"
		if clientErr == nil {
			name = client.String()
		}
		l.warn(name, err)
	}
	return wait, err
}

// warn logs a failure, without the user name: people type their password there by
// mistake.
func (l *login) warn(client string, err error) {
	if !l.records.Allow() {
		l.suppressed.Add(1)
		return
	}
	attrs := []any{"client", client, "error", err}
	if n := l.suppressed.Swap(0); n > 0 {
		attrs = append(attrs, "suppressed", n)
	}
	l.log.Warn("admin login failed", attrs...)
}
