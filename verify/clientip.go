package verify

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/textproto"
	"strings"

	"github.com/accesshook/accesshook/internal/address"
)

// A ClientIP finds out which address a request comes from. It is used for
// AllowFrom, for the rate of each client, and in the log; it authenticates
// nobody.
//
// There is no policy that is right for every deployment, and a wrong one is
// either useless or lets senders choose their address:
//
//   - The service is reached directly: leave Config.ClientIP nil ([RemoteAddr]).
//   - Behind proxies that append to X-Forwarded-For: [XForwardedFor] with the
//     addresses of all of them.
//   - Behind proxies that append to Forwarded (RFC 7239): [Forwarded], likewise.
//   - Behind one proxy or CDN that sets a header of its own to the client's
//     address, and overwrites what the client sent under that name:
//     [TrustedHeader].
//
// Exactly one header is looked at, and only on requests that come from a
// declared proxy: a header that anybody else sends is ignored. Check before
// going live: send a request from a machine whose address you know, with a made-up
// header, and compare the log's client. If it shows a proxy's address, that proxy
// is missing from the list; if it shows what you made up, the list is too wide.
//
// Addresses are unmapped from IPv6 (::ffff:192.0.2.1 is 192.0.2.1) and without
// zone.
type ClientIP func(r *http.Request) (netip.Addr, error)

// RemoteAddr is the [ClientIP] of a service that is reached directly: the peer of
// the connection.
func RemoteAddr(r *http.Request) (netip.Addr, error) {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}, errors.New("verify: the connection has no address")
	}
	return plainAddr(ap.Addr()), nil
}

func plainAddr(a netip.Addr) netip.Addr { return a.WithZone("").Unmap() }

// XForwardedFor returns the [ClientIP] that is told by X-Forwarded-For. trusted
// are the addresses and networks (CIDR) of the proxies in front; a bare address
// stands for itself alone, an IPv6 one too.
//
// The header is read from the right, which is the end that proxies write to: the
// first address that is not a trusted proxy's is the client's. All lines of the
// header count as one. If it is missing, or what stands there is no address, the
// client is not known.
//
// It panics if a proxy is not an address or network, or if there is none.
func XForwardedFor(trusted ...string) ClientIP {
	proxies := mustPrefixes(trusted)
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
					if !visit(strings.Trim(entry, " \t")) {
						return nil
					}
				}
			}
			return nil
		})
	}
}

// Forwarded returns the [ClientIP] that is told by Forwarded (RFC 7239), which is
// read as [XForwardedFor] reads its header. An element whose "for" is obfuscated,
// "unknown" or missing is no address. A header that is not well-formed as a whole
// is not read at all, since an open quote of the sender's could swallow what the
// proxies have written behind it.
//
// It panics if a proxy is not an address or network, or if there is none.
func Forwarded(trusted ...string) ClientIP {
	proxies := mustPrefixes(trusted)
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

// TrustedHeader returns the [ClientIP] that is told by the one value of the named
// header, such as X-Real-IP or CF-Connecting-IP. The proxies must overwrite what
// clients send under that name. If the header is missing, repeated or no
// address, the client is not known.
//
// It panics if the name is empty or that of a list header, or as [XForwardedFor]
// does.
func TrustedHeader(name string, trusted ...string) ClientIP {
	proxies := mustPrefixes(trusted)
	key := textproto.CanonicalMIMEHeaderKey(name)
	if key == "" || key == "X-Forwarded-For" || key == "Forwarded" {
		panic(fmt.Sprintf("verify: TrustedHeader does not read %q", name))
	}
	return func(r *http.Request) (netip.Addr, error) {
		peer, err := RemoteAddr(r)
		if err != nil || !proxies.contains(peer) {
			return peer, err
		}
		values := r.Header[key]
		if len(values) != 1 {
			return netip.Addr{}, fmt.Errorf("verify: a proxy sent %d headers %s", len(values), key)
		}
		a, ok := parseHop(strings.Trim(values[0], " \t"))
		if !ok {
			return netip.Addr{}, fmt.Errorf("verify: %s of a proxy is no address", key)
		}
		return a, nil
	}
}

// walk visits hops from the nearest to the farthest and returns the first that
// is no trusted proxy.
func (p prefixes) walk(r *http.Request, header string, hops func(values []string, visit func(string) bool) error) (netip.Addr, error) {
	peer, err := RemoteAddr(r)
	if err != nil || !p.contains(peer) {
		return peer, err
	}
	var client netip.Addr
	bad := true // also if there is no hop at all
	err = hops(r.Header[header], func(hop string) bool {
		a, ok := parseHop(hop)
		client, bad = a, !ok
		return ok && p.contains(a)
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

// parseHop reads an address, with a port or in brackets as proxies write it.
func parseHop(s string) (netip.Addr, bool) {
	return address.Host(s)
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

// parsePrefixes reads addresses and networks. A bare address is a network of one,
// of either family.
func parsePrefixes(list []string) (prefixes, error) {
	var all prefixes
	for i, s := range list {
		if p, err := netip.ParsePrefix(s); err == nil {
			if p.Addr().Is4In6() {
				return nil, fmt.Errorf("[%d]: write %q as IPv4", i, s)
			}
			all = append(all, p.Masked())
			continue
		}
		a, err := netip.ParseAddr(s)
		if err != nil || a.Zone() != "" {
			return nil, fmt.Errorf("[%d]: %q is neither an address nor a network", i, s)
		}
		a = a.Unmap()
		all = append(all, netip.PrefixFrom(a, a.BitLen()))
	}
	return all, nil
}

func mustPrefixes(list []string) prefixes {
	p, err := parsePrefixes(list)
	if err == nil && len(p) == 0 {
		err = errors.New(" is empty")
	}
	if err != nil {
		panic("verify: trusted" + err.Error())
	}
	return p
}

func (p prefixes) contains(a netip.Addr) bool {
	for _, n := range p {
		if n.Contains(a) {
			return true
		}
	}
	return false
}
