package main

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/accesshook/accesshook/verify"
)

// adminVariable holds the users and passwords for the admin paths.
const adminVariable = "ADMIN_CREDENTIALS"

// adminChallenge has a realm of its own, so that a browser does not send the admin
// password to other paths that ask for one, such as Unloc's webhook.
const adminChallenge = `Basic realm="accesshook admin", charset="UTF-8"`

// A login requires a user and a password (HTTP Basic).
type login struct {
	accounts atomic.Pointer[verify.BasicAuth]
	client   verify.ClientIP
	failures *failureLimit
	log      *errorLog
	short    shortPasswords
}

// newLogin returns nil if no credentials are configured.
func newLogin(o *options, env environment, log *slog.Logger) (*login, error) {
	client, err := o.client()
	if err != nil {
		return nil, err
	}
	l := &login{
		client:   client,
		failures: newFailureLimit(),
		// Anyone can cause these records: at most 10 at once and 2 a second.
		log: &errorLog{log: log, limiter: rate.NewLimiter(2, 10)},
	}
	if err := l.reload(env, log); err != nil {
		return nil, err
	}
	if l.accounts.Load() == nil {
		return nil, nil
	}
	return l, nil
}

// variable, label and reload implement secretHolder.
func (l *login) variable() string { return adminVariable }
func (l *login) label() slog.Attr { return slog.String("variable", adminVariable+"_FILE") }

func (l *login) reload(env environment, log *slog.Logger) error {
	pairs, from, err := env.values(adminVariable)
	if err != nil || from == "" {
		return err
	}
	credentials, err := splitPairs(pairs)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	accounts, err := verify.NewBasicAuth(credentials...)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	l.accounts.Store(accounts)
	l.short.warn(pairs, from, log)
	return nil
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
			w.Header().Set("WWW-Authenticate", adminChallenge)
			http.Error(w, "unauthorized", http.StatusUnauthorized)
		}
	})
}

var errTooManyFailures = errors.New("too many failed logins of this client")

// check returns why a request is refused. If wait is more than zero, the password was
// not checked; the client can try again after that time.
func (l *login) check(r *http.Request) (wait time.Duration, err error) {
	accounts := l.accounts.Load()
	if r.Header["Authorization"] == nil {
		return 0, verify.ErrNoCredential // the first request of a browser: not an attempt
	}
	client, clientErr := l.client(r) // clients without a readable address count as one
	wait, err = l.failures.try(client, func() error {
		_, err := accounts.VerifyHeader(r)
		return err
	})
	if wait > 0 {
		err = errTooManyFailures
	}
	if err != nil {
		// Without the user name: people type their password there by mistake.
		name := "unknown"
		if clientErr == nil {
			name = client.String()
		}
		l.log.warn("admin login failed", "client", name, "error", err)
	}
	return wait, err
}
