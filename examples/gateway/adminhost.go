package main

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// A page that somebody opens in a browser on this machine may send requests to
// this machine. It cannot read the answers, unless its own host name has been
// made to point here in the meantime (DNS rebinding): then the browser takes the
// gateway for a part of the page's site. The Host header tells, since it has that
// name.

// localHost returns what reports whether a request names this machine: as
// localhost, by a loopback address, or as the flag with this address does. The
// port does not matter, and is another one behind a tunnel.
func localHost(address string) func(*http.Request) bool {
	configured, _, _ := net.SplitHostPort(address) // it is listened on, so it is right
	return func(r *http.Request) bool {
		host := (&url.URL{Host: r.Host}).Hostname()
		if a, err := netip.ParseAddr(host); err == nil {
			return a.IsLoopback()
		}
		return host != "" && (strings.EqualFold(host, "localhost") || strings.EqualFold(host, configured))
	}
}

// proxyHeaders are what proxies add to the requests that they pass on.
var proxyHeaders = []string{"Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip"}

// refused returns what tells why a request to a loopback address, configured as
// address, is not one of this machine's own; "" if it is.
//
// A proxy on this machine that passes everything on would open the admin paths to
// whoever reaches it. So without a password there must be no trace of one.
func (a *adminSide) refused(address string) func(*http.Request) string {
	named := localHost(address)
	headers := append([]string{http.CanonicalHeaderKey(a.o.clientIP)}, proxyHeaders...)
	return func(r *http.Request) string {
		if !named(r) {
			return "the Host header does not name this machine"
		}
		if a.login == nil && slices.ContainsFunc(headers, func(name string) bool { return r.Header[name] != nil }) {
			return "this came through a proxy, for which " + adminVariable + " must be set"
		}
		return ""
	}
}

// guardLocal answers 403 to requests that are refused.
func guardLocal(refused func(*http.Request) string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if why := refused(r); why != "" {
			http.Error(w, why, http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}
