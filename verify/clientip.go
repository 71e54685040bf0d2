package verify

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/textproto"
	"strings"

	"github.com/accesshook/accesshook/internal/address"
)

// A ClientIP finds the address that a request comes from. AllowFrom, RateLimit and the
// log use it. It authenticates nobody.
//
// No policy is right for every deployment. A wrong one either tells nothing or lets
// senders choose their address. Pick the first that fits:
//
//   - Reached directly, or behind a balancer that keeps the client's address, as AWS NLB
//     can: leave Config.ClientIP nil ([RemoteAddr]).
//   - Behind Cloudflare, which sets CF-Connecting-IP itself. List the ranges of
//     https://www.cloudflare.com/ips/, and let nobody else reach the service:
//     verify.TrustedHeader("CF-Connecting-IP", "173.245.48.0/20", "103.21.244.0/22", …)
//   - Behind nginx with "proxy_set_header X-Real-IP $remote_addr;":
//     verify.TrustedHeader("X-Real-IP", "10.0.0.5")
//   - Behind nginx with "$proxy_add_x_forwarded_for", Caddy or AWS ALB, which append to
//     X-Forwarded-For. List the networks that they are in:
//     verify.XForwardedFor("10.0.0.0/16")
//   - Behind several of them in a row. List them all:
//     verify.XForwardedFor("10.0.0.0/16", "203.0.113.10")
//   - Behind proxies that append to Forwarded (RFC 7239), such as HAProxy with
//     "option forwarded": verify.Forwarded("10.0.0.0/16")
//   - Behind a proxy on the same machine that connects through a Unix socket:
//     verify.XForwardedFor("unix")
//
// PREFER a header that the proxy overwrites: a client cannot make it longer.
//
// WARNING: with a proxy in front and ClientIP nil, everybody has the proxy's address.
// AllowFrom lets in all or none then, and all share one rate.
//
// A policy looks at exactly one header, and only on requests from a declared proxy. It
// ignores a header that anybody else sends. Check it before going live: send a request
// with a made-up header from a machine whose address you know, and look at client in
// the log. If it shows a proxy's address, that proxy is missing from the list. If it
// shows what you made up, the list is too wide.
//
// Addresses have no zone, and an IPv4 address in IPv6 form (::ffff:192.0.2.1) is
// unmapped.
type ClientIP func(r *http.Request) (netip.Addr, error)

// RemoteAddr is the [ClientIP] of a service that is reached directly: the peer of the
// connection. The address may be without a port, as a function service or a middleware
// such as chi's RealIP sets r.RemoteAddr. Such a middleware must not believe headers of
// anybody.
func RemoteAddr(r *http.Request) (netip.Addr, error) {
	if a, ok := address.Host(r.RemoteAddr); ok {
		return a, nil
	}
	return netip.Addr{}, errors.New("verify: the connection has no address")
}

func plainAddr(a netip.Addr) netip.Addr { return a.WithZone("").Unmap() }

// XForwardedFor returns the [ClientIP] that reads X-Forwarded-For. trusted are the
// addresses and networks (CIDR) of the proxies in front. A bare address stands for
// itself alone, an IPv6 one too. "unix" stands for every peer that connects through a
// Unix socket, which has no address. WARNING: a request without RemoteAddr, as some
// function services make them, counts as one too: do not trust "unix" there.
//
// It reads the header from the right, where proxies append. The first address that is
// not a trusted proxy's is the client's. All lines of the header count as one list, and
// empty elements are skipped. If the header is missing, or an element on the way is no
// address, the client is not known.
//
// It panics if a proxy is not an address, a network or "unix", or if there is none.
func XForwardedFor(trusted ...string) ClientIP {
	proxies := mustProxies(trusted)
	return func(r *http.Request) (netip.Addr, error) {
		return proxies.walk(r, "X-Forwarded-For", func(values []string, visit func(string) bool) error {
			for i := len(values) - 1; i >= 0; i-- {
				rest, more := values[i], true
				for more {
					var entry string
					if at := strings.LastIndexByte(rest, ','); at >= 0 {
						rest, entry = rest[:at], rest[at+1:]
					} else {
						entry, more = rest, false
					}
					entry = strings.Trim(entry, " \t")
					if entry != "" && !visit(entry) { // an empty element is none (RFC 9110, 5.6.1)
						return nil
					}
				}
			}
			return nil
		})
	}
}

// Forwarded returns the [ClientIP] that reads Forwarded (RFC 7239) as [XForwardedFor]
// reads its header. An element whose "for" is obfuscated, "unknown" or missing is no
// address. If the header as a whole is not well-formed, the client is not known: an
// open quote of the sender's could swallow what the proxies have appended.
//
// It panics as XForwardedFor does.
func Forwarded(trusted ...string) ClientIP {
	proxies := mustProxies(trusted)
	return func(r *http.Request) (netip.Addr, error) {
		return proxies.walk(r, "Forwarded", func(values []string, visit func(string) bool) error {
			hops, err := parseForwarded(strings.Join(values, ","))
			if err != nil {
				return err
			}
			for i := len(hops) - 1; i >= 0 && visit(hops[i]); i-- {
			}
			return nil
		})
	}
}

// TrustedHeader returns the [ClientIP] that reads the one value of the named header,
// such as CF-Connecting-IP or X-Real-IP. trusted is as for [XForwardedFor]. The proxies
// must overwrite what clients send under that name. If the header is missing, repeated
// or no address, the client is not known.
//
// It panics if the name is empty or that of a list header, or as XForwardedFor does.
func TrustedHeader(name string, trusted ...string) ClientIP {
	proxies := mustProxies(trusted)
	key := textproto.CanonicalMIMEHeaderKey(name)
	if key == "" || key == "X-Forwarded-For" || key == "Forwarded" {
		panic(fmt.Sprintf("verify: TrustedHeader does not read %q", name))
	}
	return func(r *http.Request) (netip.Addr, error) {
		if peer, trusted, err := proxies.peer(r); !trusted {
			return peer, err
		}
		values := r.Header[key]
		if len(values) != 1 {
			return netip.Addr{}, fmt.Errorf("verify: a proxy sent %d headers %s", len(values), key)
		}
		a, ok := address.Host(strings.Trim(values[0], " \t"))
		if !ok {
			return netip.Addr{}, fmt.Errorf("verify: %s of a proxy is no address", key)
		}
		return a, nil
	}
}

// proxies are the trusted proxies in front of a service.
type proxies struct {
	networks prefixes
	unix     bool // also every peer on a Unix socket
}

func mustProxies(trusted []string) proxies {
	var p proxies
	if len(trusted) == 0 {
		panic("verify: trusted is empty")
	}
	for i, s := range trusted {
		if s == "unix" {
			p.unix = true
			continue
		}
		network, err := parsePrefix(s)
		if err != nil {
			panic(fmt.Sprintf("verify: trusted[%d]: %v", i, err))
		}
		p.networks = append(p.networks, network)
	}
	return p
}

// peer returns the peer of the connection, and whether it is a trusted proxy.
func (p proxies) peer(r *http.Request) (peer netip.Addr, trusted bool, err error) {
	if p.unix && overUnixSocket(r) {
		return netip.Addr{}, true, nil
	}
	peer, err = RemoteAddr(r)
	return peer, err == nil && p.networks.contains(peer), err
}

// overUnixSocket reports whether a request came through a Unix socket. r.RemoteAddr is
// then "@" on Linux, "" elsewhere, or the name of the client's own socket. A middleware
// may have set it to what a header says, so the address of the listener decides where
// there is one.
func overUnixSocket(r *http.Request) bool {
	if local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		return local.Network() == "unix"
	}
	return r.RemoteAddr == "@" || r.RemoteAddr == ""
}

// walk visits hops from the nearest to the farthest. It returns the first that is no
// trusted proxy.
func (p proxies) walk(r *http.Request, header string, hops func(values []string, visit func(string) bool) error) (netip.Addr, error) {
	if peer, trusted, err := p.peer(r); !trusted {
		return peer, err
	}
	var client netip.Addr
	bad := true // also if there is no hop at all
	err := hops(r.Header[header], func(hop string) bool {
		a, ok := address.Host(hop)
		client, bad = a, !ok
		return ok && p.networks.contains(a) || p.unix && hop == "unix:" // as nginx names such a peer
	})
	switch {
	case err != nil:
		return netip.Addr{}, err
	case bad:
		return netip.Addr{}, fmt.Errorf("verify: %s of a proxy does not tell the client", header)
	default:
		// Every hop may be trusted: a request of the farthest proxy's own.
		return client, nil
	}
}

var errForwarded = errors.New("verify: Forwarded of a proxy is malformed")

// maxParameters is how many parameters an element may have: RFC 7239 knows four.
const maxParameters = 16

// parseForwarded returns what "for" says in each element, "" where it is missing.
func parseForwarded(s string) ([]string, error) {
	var hops []string
	hop := ""
	var room [maxParameters]string
	named := room[:0] // names in the element
	for {
		s = strings.TrimLeft(s, " \t")
		if s != "" && s[0] != ',' && s[0] != ';' {
			name, rest, ok := strings.Cut(s, "=")
			if !ok || name == "" || !isToken(name) || len(named) == maxParameters {
				return nil, errForwarded
			}
			for _, other := range named {
				if strings.EqualFold(name, other) {
					return nil, errForwarded
				}
			}
			named = append(named, name)
			var value string
			if value, s, ok = forwardedValue(rest); !ok {
				return nil, errForwarded
			}
			if strings.EqualFold(name, "for") {
				hop = value
			}
			s = strings.TrimLeft(s, " \t")
		}
		switch {
		case s == "":
			if len(named) > 0 {
				hops = append(hops, hop)
			}
			return hops, nil
		case s[0] == ',':
			if len(named) > 0 { // an empty element is none (RFC 9110, 5.6.1)
				hops = append(hops, hop)
			}
			hop, named = "", room[:0]
		case s[0] != ';':
			return nil, errForwarded
		}
		s = s[1:]
	}
}

// forwardedValue cuts a token or a quoted string from the beginning of s. A
// token may hold colons, as proxies write them though the RFC wants quotes.
func forwardedValue(s string) (value, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, " \t,;")
		if end < 0 {
			end = len(s)
		}
		value = s[:end]
		return value, s[end:], value != "" && !strings.ContainsAny(value, `"\=`)
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:], true
		case '\\':
			if i++; i == len(s) {
				return "", "", false
			}
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}

func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return true
}

// prefixes are networks.
type prefixes []netip.Prefix

func parsePrefixes(list []string) (prefixes, error) {
	var all prefixes
	for i, s := range list {
		p, err := parsePrefix(s)
		if err != nil {
			return nil, fmt.Errorf("[%d]: %w", i, err)
		}
		all = append(all, p)
	}
	return all, nil
}

// parsePrefix reads an address or a network. A bare address is a network of one, of
// either family.
func parsePrefix(s string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(s); err == nil {
		if p.Addr().Is4In6() {
			return p, fmt.Errorf("write %q as IPv4", s)
		}
		return p.Masked(), nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return netip.Prefix{}, fmt.Errorf("%q is neither an address nor a network", s)
	}
	a = a.Unmap()
	return netip.PrefixFrom(a, a.BitLen()), nil
}

func (p prefixes) contains(a netip.Addr) bool {
	for _, n := range p {
		if n.Contains(a) {
			return true
		}
	}
	return false
}
