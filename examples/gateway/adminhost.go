package main

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// A page in a browser on this machine can send requests to this machine. It cannot read
// the answers, unless its own host name now resolves to this machine (DNS rebinding):
// then the browser takes the gateway for a part of the page's site. The Host header
// shows that, since it has the name of the site.

// localHost returns a function that reports whether the Host header of a request names
// this machine: localhost, a loopback address, or the host of address, which a flag
// sets. The port does not matter; behind a tunnel it is another one.
func localHost(address string) func(*http.Request) bool {
	configured, _, _ := net.SplitHostPort(address) // valid: the gateway listens on it
	return func(r *http.Request) bool {
		host := (&url.URL{Host: r.Host}).Hostname()
		if a, err := netip.ParseAddr(host); err == nil {
			return a.IsLoopback()
		}
		return host != "" && (strings.EqualFold(host, "localhost") || strings.EqualFold(host, configured))
	}
}

// proxyHeaders are headers that proxies add to requests.
var proxyHeaders = []string{"Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip"}

// refused returns a function that says why a request to a loopback address, which a
// flag sets as address, did not originate on this machine; "" if it did.
//
// A proxy on this machine that forwards everything would open the admin paths to all
// its clients. So without a password, a request with a proxy's headers is refused.
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

// guardLocal answers 403 to requests for which refused returns a reason.
func guardLocal(refused func(*http.Request) string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if why := refused(r); why != "" {
			http.Error(w, why, http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}
