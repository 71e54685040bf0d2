package verify

import (
	"errors"
	"fmt"
	"net/netip"
)

// Network rules: who may send at all, and how often.

// clientAddr returns the client's address. It looks it up once.
func (p *Endpoint) clientAddr(x *exchange) (netip.Addr, error) {
	if !x.looked {
		x.looked = true
		policy := p.config.ClientIP
		if policy == nil {
			policy = RemoteAddr
		}
		x.addr, x.addrErr = policy(x.r)
		x.addr = plainAddr(x.addr)
		if x.addrErr == nil && !x.addr.IsValid() {
			x.addrErr = errors.New("verify: the client has no address")
		}
	}
	return x.addr, x.addrErr
}

// admit refuses clients by their address alone.
func (p *Endpoint) admit(x *exchange) error {
	if p.allowFrom != nil {
		if addr, err := p.clientAddr(x); err != nil {
			return fmt.Errorf("%w: %w", ErrForbidden, err)
		} else if !p.allowFrom.contains(addr) {
			return ErrForbidden
		}
	}
	if p.reportFrom != nil {
		addr, err := p.clientAddr(x)
		x.outside = err != nil || !p.reportFrom.contains(addr)
	}
	if p.clients == nil || !p.config.RateLimit.EveryRequest {
		return nil
	}
	addr, err := p.clientAddr(x)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrForbidden, err)
	}
	if wait, ok := p.clients.take(addr); !ok {
		return &rateLimited{nil, wait}
	}
	return nil
}

// failed counts a request whose verification failed. If there were too many, it returns
// a refusal for the rate.
//
// A request without a credential is a step of the protocol: a client may wait for the
// challenge of a 401 before it sends its password. It tries no credential, and is not
// counted.
func (p *Endpoint) failed(x *exchange, err error) error {
	if p.clients == nil || p.config.RateLimit.EveryRequest || !errors.Is(err, ErrUnauthenticated) || missing(err) {
		return err
	}
	addr, addrErr := p.clientAddr(x)
	if addrErr != nil {
		addr = netip.Addr{}
	}
	if wait, ok := p.clients.take(addr); !ok {
		return &rateLimited{err, wait}
	}
	return err
}
