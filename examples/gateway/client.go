package main

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strings"

	"github.com/accesshook/accesshook/verify"
)

// networks is the value of a flag: addresses and networks, separated by commas.
type networks []string

func (n *networks) String() string { return strings.Join(*n, ",") }

// Set implements [flag.Value]. It accepts what package verify accepts.
func (n *networks) Set(list string) error {
	*n = nil
	for entry := range strings.SplitSeq(list, ",") {
		p, err := netip.ParsePrefix(entry)
		if err != nil {
			var a netip.Addr
			if a, err = netip.ParseAddr(entry); err != nil || a.Zone() != "" {
				return fmt.Errorf("%q is neither an address nor a network", entry)
			}
		}
		if p.Addr().Is4In6() {
			return fmt.Errorf("write %q as IPv4", entry)
		}
		*n = append(*n, entry)
	}
	return nil
}

// Values of -client-ip, apart from the name of a header.
const (
	clientRemote        = "remote"
	clientXForwardedFor = "x-forwarded-for"
	clientForwarded     = "forwarded"
)

var headerName = regexp.MustCompile(`^[A-Za-z0-9-]+$`)

// client returns the function that finds the client's address.
func (o *options) client() (verify.ClientIP, error) {
	source := strings.ToLower(o.clientIP)
	if source == clientRemote {
		if o.trust != nil {
			return nil, errors.New("-trust has no effect without -client-ip")
		}
		return verify.RemoteAddr, nil
	}
	switch {
	case !headerName.MatchString(source):
		return nil, errors.New("-client-ip is not the name of a header")
	case o.trust == nil:
		return nil, errors.New("-client-ip needs -trust: anybody can send a header")
	case source == clientXForwardedFor:
		return verify.XForwardedFor(o.trust...), nil
	case source == clientForwarded:
		return verify.Forwarded(o.trust...), nil
	}
	return verify.TrustedHeader(source, o.trust...), nil
}
