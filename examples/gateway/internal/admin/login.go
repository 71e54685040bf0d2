package admin

import (
	"context"
	"log/slog"
	"math"
	"net/http"
	"strconv"

	"github.com/accesshook/accesshook/verify"
)

// challenge has a realm of its own, so that a browser does not send the admin password
// to other paths that ask for one, such as Unloc's webhook.
const challenge = `Basic realm="accesshook admin", charset="UTF-8"`

// A login requires a user and a password (HTTP Basic).
type login struct {
	accounts func() (*verify.BasicAuth, context.Context)
	client   verify.ClientIP
	failures *failureLimit
	log      *slog.Logger
}

// guard answers 401 to requests without the right user and password, and 429 to
// clients that have failed too often.
func (l *login) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header["Authorization"] == nil {
			refuse(w) // the first request of a browser: not an attempt
			return
		}
		client, clientErr := l.client(r) // clients without a readable address count as one
		accounts, valid := l.accounts()
		wait, err := l.failures.try(client, func() error {
			_, err := accounts.VerifyHeader(r)
			return err
		})
		switch {
		case wait > 0:
			w.Header().Set("Retry-After", strconv.FormatFloat(math.Ceil(wait.Seconds()), 'f', 0, 64))
			http.Error(w, "too many failed logins", http.StatusTooManyRequests)
		case err != nil:
			name := "unknown"
			if clientErr == nil {
				name = client.String()
			}
			// Without the user name: people type their password there by mistake. The
			// limits of failures bound these records too.
			l.log.Warn("admin login failed", "client", name, "error", err)
			refuse(w)
		default:
			serveWhile(valid, next, w, r)
		}
	})
}

func refuse(w http.ResponseWriter) {
	w.Header().Set("WWW-Authenticate", challenge)
	http.Error(w, "unauthorized", http.StatusUnauthorized)
}
