package admin

import (
	"cmp"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// A request to a loopback address may still come from elsewhere.
//
// A proxy, a relay or a tunnel on this machine forwards what its clients send. Most add
// headers, or leave the Host header with the public name.
//
// A page in a browser on this machine can read answers if the host name of its site
// resolves to this machine (DNS rebinding). The Host header has that name.

// addedByProxy reports whether proxies add a header to requests. name is in canonical
// form. A case stands for the header of that name, and for those whose names go on with
// a hyphen.
func addedByProxy(name string) bool {
	for ; name != ""; name = name[:max(0, strings.LastIndexByte(name, '-'))] {
		switch name {
		case "Akamai", "Cdn", "Cf", "Client-Ip", "Cloudfront", "Disguised-Host", "Do-Connecting-Ip", "Fastly", "Fly", "Forwarded",
			"Front-End-Https", "Incap", "L5d", "Max-Forwards", "Proxy", "Remote-Addr", "Rndr-Id", "Tailscale", "True-Client-Ip", "Via",
			"Wl-Proxy-Client-Ip", "X-Akamai", "X-Amz-Cf-Id", "X-Amzn", "X-Appengine", "X-Arr", "X-Azure", "X-Client-Cert",
			"X-Client-Ip", "X-Cloud-Trace-Context", "X-Cluster-Client-Ip", "X-Envoy", "X-Fastly", "X-Forward-For", "X-Forwarded",
			"X-Host", "X-Nf", "X-Ngrok", "X-Original", "X-Originating-Ip", "X-Proxy", "X-Proxyuser-Ip", "X-Real-Ip",
			"X-Remote-Addr", "X-Remote-Ip", "X-Request-Start", "X-Rewrite-Url", "X-Scheme", "X-Sucuri", "X-Url-Scheme",
			"X-Varnish", "X-Vercel":
			return true
		}
	}
	return false
}

// proxyHeader returns the name of a header of r that a proxy has added, or "".
func (s *Side) proxyHeader(r *http.Request) string {
	for name := range r.Header {
		if addedByProxy(name) || strings.EqualFold(name, s.config.ClientHeader) {
			return name
		}
	}
	return ""
}

// names reports whether the Host header names this machine: localhost, a loopback
// address, or the configured host. The port does not matter: behind a tunnel of the
// operator's own, such as that of ssh -L, it is another one.
func (s *Side) names(r *http.Request) bool {
	host := (&url.URL{Host: r.Host}).Hostname()
	if a, err := netip.ParseAddr(host); err == nil {
		return a.IsLoopback()
	}
	host = strings.TrimSuffix(host, ".")
	return host != "" && (strings.EqualFold(host, "localhost") || strings.EqualFold(host, s.host))
}

// namesPort reports whether the Host header has the port that listens.
func (s *Side) namesPort(r *http.Request) bool {
	usual := "80"
	if r.TLS != nil {
		usual = "443"
	}
	return cmp.Or((&url.URL{Host: r.Host}).Port(), usual) == s.port
}

// Watch notes what hints at a proxy in the requests to next, which has all paths of an
// address that webhooks share with the admin paths. It refuses no request.
func (s *Side) Watch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.note(r)
		next.ServeHTTP(w, r)
	})
}

// note closes the admin paths if r has not come straight from this machine, where hints
// do so. The port matters here, since that of a relay is another one.
func (s *Side) note(r *http.Request) {
	if s.closed == nil || s.closed.Err() != nil {
		return
	}
	if name := s.proxyHeader(r); name != "" {
		s.shut("the header " + shown(name))
	} else if !s.names(r) || !s.namesPort(r) {
		s.shut("the Host header " + shown(r.Host))
	}
}

// shown returns text of a client as it can be logged.
func shown(text string) string {
	const most = 100 // bytes
	quoted := strconv.QuoteToASCII(text[:min(len(text), most)])
	return quoted[1 : len(quoted)-1]
}

// shut closes the admin paths until a restart.
func (s *Side) shut(hint string) {
	s.shutting.Do(func() {
		s.close()
		s.config.Log.Warn("the admin paths are closed until a restart: something hints that requests reach this address through a proxy, a relay or a tunnel",
			"hint", hint, "missing", variable+" or -admin-addr")
	})
}
