package main

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
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

// guardHost answers 403 to requests that do not name this machine.
func guardHost(local func(*http.Request) bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !local(r) {
			http.Error(w, "the Host header does not name this machine", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}
