package admin

import (
	"cmp"
	"net/http"
	"net/netip"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
)

// A request to a loopback address may still come from elsewhere.
//
// A proxy, a relay or a tunnel on this machine forwards what its clients send. Most add
// headers, or leave the Host header with the public name.
//
// A page in a browser on this machine can send requests. It cannot read the answers,
// unless its own host name resolves to this machine (DNS rebinding): then the browser
// takes the gateway for a part of the page's site. The Host header has the name of the
// site.

// proxyHeaders are headers that proxies add to requests, in canonical form.
var proxyHeaders = set(
	"Forwarded", "Via", "Max-Forwards", "Front-End-Https", "Disguised-Host",
	"Client-Ip", "True-Client-Ip", "Remote-Addr", "Do-Connecting-Ip", "Rndr-Id", "Wl-Proxy-Client-Ip",
	"X-Client-Ip", "X-Client-Cert", "X-Cluster-Client-Ip", "X-Forward-For", "X-Host", "X-Originating-Ip", "X-Proxyuser-Ip",
	"X-Real-Ip", "X-Remote-Addr", "X-Remote-Ip", "X-Request-Start", "X-Rewrite-Url", "X-Scheme", "X-Url-Scheme", "X-Varnish",
	"X-Amz-Cf-Id", "X-Cloud-Trace-Context",
)

// proxyPrefixes are the words with which names of such headers begin, up to a hyphen.
var proxyPrefixes = set(
	"Akamai", "Cdn", "Cf", "Cloudfront", "Fastly", "Fly", "Incap", "L5d", "Proxy", "Tailscale",
	"X-Akamai", "X-Amzn", "X-Appengine", "X-Arr", "X-Azure", "X-Envoy", "X-Fastly", "X-Forwarded", "X-Nf", "X-Ngrok",
	"X-Original", "X-Proxy", "X-Sucuri", "X-Vercel",
)

func set(names ...string) map[string]bool {
	s := make(map[string]bool)
	for _, name := range names {
		s[name] = true
	}
	return s
}

// proxyHeader returns the name of a header of r that a proxy has added, or "".
func (s *Side) proxyHeader(r *http.Request) string {
	for name := range r.Header {
		if proxyHeaders[name] || proxyPrefixes[prefix(name)] {
			return name
		}
	}
	if name := s.config.ClientHeader; r.Header[textproto.CanonicalMIMEHeaderKey(name)] != nil {
		return name
	}
	return ""
}

// prefix returns the first word of a header's name, and with X- also the second.
func prefix(name string) string {
	begin := 0
	if strings.HasPrefix(name, "X-") {
		begin = len("X-")
	}
	if length := strings.IndexByte(name[begin:], '-'); length >= 0 {
		return name[:begin+length]
	}
	return name
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
	if s.closed == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.note(r)
		next.ServeHTTP(w, r)
	})
}

// note closes the admin paths if r has not come straight from this machine. The port
// matters here, since that of a relay is another one.
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
