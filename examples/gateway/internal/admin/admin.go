// Package admin guards the paths for operators of the gateway, and has those that show
// its health and its dead letters.
//
// The admin paths are served on an address of their own, or beside the webhooks. They
// need a password, unless the address is a loopback address and nothing hints that
// requests reach it from elsewhere. See [Side].
package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/accesshook/accesshook/verify"
)

// variable holds the users and passwords for the admin paths.
const variable = "ADMIN_CREDENTIALS"

// A Config describes where the admin paths are served, and to whom. Listen and Log are
// required.
type Config struct {
	// Address is the address as it was configured, host:port. Besides localhost and
	// loopback addresses, a Host header may name its host.
	Address string
	// Listen is the address that listens.
	Listen net.Addr
	// Shared says that webhooks come to the same address.
	Shared bool
	// TLS says that the address is served over TLS.
	TLS bool

	// Accounts returns who may log in. It is called at each login, so that accounts can
	// be replaced. valid is done once they are: that ends the requests that they have let
	// in, such as the streams of the live page. If auth is nil, nobody may log in. If
	// Accounts itself is nil, no password is required.
	Accounts func() (auth *verify.BasicAuth, valid context.Context)
	// ClientIP finds the client whose failed logins are counted. The default is
	// verify.RemoteAddr.
	ClientIP verify.ClientIP

	// ProxySetting names a setting that is only of use behind a proxy, such as -trust. It
	// is empty if there is none.
	ProxySetting string
	// ClientHeader is the name of a header of the operator's own choice in which a proxy
	// sends the client's address. It may be empty.
	ClientHeader string

	Log *slog.Logger
}

// A Side decides which requests may use the admin paths:
//
//   - Requests that a page of another site causes in a browser are refused, reading ones
//     too.
//   - On a loopback address, the Host header must name this machine.
//   - Without a password, the address must be a loopback address, and a request that has
//     passed a proxy is refused. If webhooks come to the same address, the first hint at
//     a proxy closes the admin paths until a restart, and ends their running requests.
//   - With a password, clients that have failed too often have to wait.
//
// A Side is safe for concurrent use. It does not see a relay on this machine that passes
// bytes unchanged, until a request whose Host header gives it away.
type Side struct {
	config     Config
	loopback   bool
	host, port string // as configured, and as they listen
	login      *login // nil: no password is required

	// closed is done once something has hinted at a proxy. It is nil where hints do not
	// close the admin paths.
	closed   context.Context
	close    context.CancelFunc
	shutting sync.Once
}

// New returns an error if others than this machine could use an address that only
// serves the admin paths, and no password is required. It logs what makes the admin
// paths weaker than they could be, or keeps them closed.
func New(c Config) (*Side, error) {
	s := &Side{config: c}
	host, _, _ := net.SplitHostPort(c.Address) // valid: something listens on it
	s.host = strings.TrimSuffix(host, ".")
	if tcp, ok := c.Listen.(*net.TCPAddr); ok {
		s.loopback = tcp.IP.IsLoopback()
		s.port = fmt.Sprint(tcp.Port)
	}
	if c.Accounts != nil {
		if c.ClientIP == nil {
			c.ClientIP = verify.RemoteAddr
		}
		s.login = &login{accounts: c.Accounts, client: c.ClientIP, failures: newFailureLimit(), log: c.Log}
		if !s.loopback && !c.TLS {
			c.Log.Warn("the admin password can be read on its way: the admin paths are served without TLS to more than this machine", "missing", "-tls-cert")
		}
		return s, nil
	}
	switch {
	case !s.loopback && c.Shared:
		c.Log.Info("the admin paths are not served: -addr is not a loopback address, and there is neither an -admin-addr nor a password")
	case !s.loopback:
		return nil, fmt.Errorf("-admin-addr: %q is not a loopback address: others could read the admin paths without a password; "+
			"set %s to user:password, or use 127.0.0.1", c.Address, variable)
	case c.Shared:
		s.closed, s.close = context.WithCancel(context.Background())
		if c.ProxySetting != "" {
			s.shut(c.ProxySetting)
		}
	}
	return s, nil
}

// Served reports whether the admin paths are served at all.
func (s *Side) Served() bool { return s.loopback || s.login != nil }

// Register adds to mux the admin paths, /healthz and /readyz. The admin paths are those
// of next that the patterns match. The patterns are without a method: Guard answers
// first.
func (s *Side) Register(mux *http.ServeMux, h *Health, next http.Handler, patterns ...string) {
	guarded := s.Guard(next)
	for _, pattern := range patterns {
		mux.Handle(pattern, guarded)
	}
	h.register(mux, s)
}

// Guard serves next to requests that may use the admin paths, and refuses others.
func (s *Side) Guard(next http.Handler) http.Handler {
	if s.login != nil {
		next = s.login.guard(next)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setHeaders(w)
		if status, why := s.refuses(r); status != 0 {
			http.Error(w, why, status)
			return
		}
		if s.closed != nil {
			serveWhile(s.closed, next, w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// serveWhile ends the context of a request once valid is done.
func serveWhile(valid context.Context, next http.Handler, w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(valid, cancel)()
	next.ServeHTTP(w, r.WithContext(ctx))
}

// refuses returns why a request may not use the admin paths, whatever its password.
// status is 0 if it may.
func (s *Side) refuses(r *http.Request) (status int, why string) {
	s.note(r)
	switch {
	case !s.Served():
		return http.StatusNotFound, "404 page not found"
	case s.closed != nil && s.closed.Err() != nil:
		return http.StatusForbidden, "the admin paths are closed: something hints that requests reach this address through a proxy, a relay or a tunnel. " +
			"Set " + variable + " to user:password, or serve the admin paths on an address of their own with -admin-addr; then start again"
	case s.loopback && !s.names(r):
		return http.StatusForbidden, "the Host header does not name this machine"
	case s.loopback && s.login == nil && s.proxyHeader(r) != "":
		return http.StatusForbidden, "this came through a proxy, for which " + variable + " must be set"
	case crossSite(r):
		return http.StatusForbidden, "a page of another site has led here, or asks for this: type the address yourself, or use a bookmark"
	}
	return 0, ""
}

// crossSite reports whether a page of another origin has caused a request. Other sites
// must not even read: an answer shows, by its size or its time, what it contains.
func crossSite(r *http.Request) bool {
	// CrossOriginProtection lets all safe methods pass, and looks at one value.
	changing := &http.Request{Method: http.MethodPost, Host: r.Host, URL: r.URL, Header: r.Header}
	return len(r.Header["Sec-Fetch-Site"]) > 1 || len(r.Header["Origin"]) > 1 || new(http.CrossOriginProtection).Check(changing) != nil ||
		r.Header["Sec-Fetch-Site"] == nil && foreignReferer(r)
}

// foreignReferer reports whether a page of another host has caused a request. Over plain
// HTTP browsers do not say more of a reading request, unless to this machine.
func foreignReferer(r *http.Request) bool {
	for _, referer := range r.Header["Referer"] {
		if u, err := url.Parse(referer); err != nil || u.Host != r.Host {
			return true
		}
	}
	return false
}

// setHeaders sets headers for answers that are not pages. A page sets a policy of its
// own.
func setHeaders(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"error":"internal server error"}`)
	}
	setHeaders(w)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}
