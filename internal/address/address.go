// Package address reads network addresses as vendors and proxies write them.
//
// A field that may hold either kind of address is given to [Parse] first and, if
// it cannot read it, to [MAC]. No text is both: eight groups of two digits, which
// could be taken for an IPv6 address, are a MAC address of 64 bits, since no IPv6
// address in use is written so.
package address

import (
	"net/netip"
	"strconv"
	"strings"
)

// A Status says what was found in a text.
type Status uint8

const (
	Unreadable Status = iota // something that is no address
	None                     // nothing, or white space
	Single                   // one address
	First                    // several, of which the first was read
)

// Parse reads the IP address in a field of a payload, and if there is a list of
// addresses (X-Forwarded-For passed on by a vendor) the first of it. Besides the
// forms of [Host] it takes white space at the ends, and a network of one address
// (192.0.2.1/32), as databases write it. It returns the zero Addr unless the status
// is Single or First.
func Parse(s string) (netip.Addr, Status) {
	s = strings.TrimSpace(s)
	if s == "" {
		return netip.Addr{}, None
	}
	status := Single
	for _, c := range []byte(",;") { // twice IndexByte takes less time than IndexAny
		if i := strings.IndexByte(s, c); i >= 0 {
			s, status = strings.TrimSpace(s[:i]), First
		}
	}
	a, ok := Host(s)
	if !ok {
		a, ok = networkOfOne(s)
	}
	if !ok {
		return netip.Addr{}, Unreadable
	}
	return a, status
}

// networkOfOne reads an address with the length of a prefix that covers nothing
// else.
func networkOfOne(s string) (netip.Addr, bool) {
	i := strings.IndexByte(s, '/')
	if i < 0 || isEUI64(s[:i]) {
		return netip.Addr{}, false
	}
	p, err := netip.ParsePrefix(s)
	if err != nil || !p.IsSingleIP() || likeEUI64(p.Addr()) {
		return netip.Addr{}, false
	}
	return p.Addr().Unmap(), true
}

// Host reads one IP address and nothing around it: bare, with a port, or in
// brackets with or without one, if it is IPv6. It returns the address without its
// zone and unmapped (::ffff:192.0.2.1 is 192.0.2.1).
func Host(s string) (netip.Addr, bool) {
	bare := s
	var port string
	if strings.HasPrefix(s, "[") {
		end := strings.LastIndexByte(s, ']')
		if end < 0 {
			return netip.Addr{}, false
		}
		bare, port = s[1:end], s[end+1:]
	} else if i := strings.IndexByte(s, ':'); i >= 0 && i == strings.LastIndexByte(s, ':') {
		bare, port = s[:i], s[i:]
	}
	if isEUI64(bare) || !plainZone(bare) || port != "" && !isPort(port) {
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(bare)
	if err != nil || s[0] == '[' && a.Is4() || likeEUI64(a) {
		return netip.Addr{}, false
	}
	return a.WithZone("").Unmap(), true
}

// plainZone reports whether the zone of an address, if it has one, is that of an
// interface. Package netip takes anything for one, also spaces, commas and slashes.
func plainZone(s string) bool {
	i := strings.IndexByte(s, '%')
	if i < 0 {
		return strings.IndexByte(s, '/') < 0
	}
	for _, c := range []byte(s[i+1:]) {
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && strings.IndexByte("-._~", c) < 0 {
			return false
		}
	}
	return true
}

// isPort reports whether s is a colon and a number of 16 bits.
func isPort(s string) bool {
	_, err := strconv.ParseUint(s[1:], 10, 16)
	return s[0] == ':' && err == nil
}

// MAC reads a hardware address and returns it as aa:bb:cc:dd:ee:ff. It takes
// groups of two digits with colons or hyphens, groups of four with points or
// hyphens (aabb.ccdd.eeff, aabb-ccdd-eeff), and twelve digits without anything
// between, of which one must be a letter: twelve decimal digits may be a telephone
// number. Addresses of 64 bits (EUI-64) are read, too. White space at the ends does
// not count, nor does the name of a Wi-Fi network behind the address
// (AA-BB-CC-DD-EE-FF:SSID, the Called-Station-Id of RFC 3580).
func MAC(s string) (string, bool) {
	s = strings.TrimSpace(s)
	if i := strings.IndexByte(s, ':'); i >= len("aabbccddeeff") {
		s = s[:i]
	}
	digits, between := 2, byte(':') // of each group, and what stands after it
	switch {
	case len(s) > 2 && (s[2] == ':' || s[2] == '-'):
		between = s[2]
	case len(s) > 4 && (s[4] == '.' || s[4] == '-'):
		digits, between = 4, s[4]
	case len(s) == 12 && strings.ContainsAny(s, "abcdefABCDEF"):
		digits = 12
	default:
		return "", false
	}
	const longest = len("00:11:22:33:44:55:66:77")
	if len(s) > longest || (len(s)+1)%(digits+1) != 0 {
		return "", false
	}
	mac := make([]byte, 0, longest)
	for i := range len(s) {
		c := s[i]
		if i%(digits+1) == digits {
			if c != between {
				return "", false
			}
			continue
		}
		if c = lowerHex(c); c == 0 {
			return "", false
		}
		if len(mac)%3 == 2 {
			mac = append(mac, ':')
		}
		mac = append(mac, c)
	}
	if len(mac) != len("00:11:22:33:44:55") && len(mac) != longest {
		return "", false
	}
	return string(mac), true
}

// IsMAC48 reports whether s is an address of 48 bits as [MAC] returns it, also in capitals.
func IsMAC48(s string) bool {
	if len(s) != len("00:11:22:33:44:55") {
		return false
	}
	for i := range len(s) {
		if i%3 == 2 && s[i] != ':' || i%3 != 2 && lowerHex(s[i]) == 0 {
			return false
		}
	}
	return true
}

// lowerHex returns a hexadecimal digit in lower case, or 0 if c is none.
func lowerHex(c byte) byte {
	switch {
	case '0' <= c && c <= '9' || 'a' <= c && c <= 'f':
		return c
	case 'A' <= c && c <= 'F':
		return c | 0x20
	default:
		return 0
	}
}

// likeEUI64 reports whether the usual spelling of a is that of an EUI-64: no address is
// to be read that would not be read again once it was written.
func likeEUI64(a netip.Addr) bool {
	if a.Is4() {
		return false
	}
	groups := a.As16()
	for i := 0; i < len(groups); i += 2 {
		if groups[i] != 0 || groups[i+1] < 0x10 {
			return false
		}
	}
	return true
}

// isEUI64 reports whether s has the form 00:11:22:33:44:55:66:77.
func isEUI64(s string) bool {
	if len(s) != len("00:11:22:33:44:55:66:77") {
		return false
	}
	for i := range len(s) {
		if (i%3 == 2) != (s[i] == ':') {
			return false
		}
	}
	return true
}
