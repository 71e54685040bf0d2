package verify

import (
	"fmt"

	"github.com/accesshook/accesshook/event"
)

// A vendorAccepter is an event.Handler that cannot take the events of every vendor,
// such as a store of package durable that knows how to read back those of some.
// AcceptsVendor says what is missing, and how to add it.
type vendorAccepter interface {
	AcceptsVendor(vendor string) error
}

// mustAccept panics if h, or a handler that its methods Unwrap lead to, does not
// accept the events of this endpoint: a service must not find that out at its first
// event.
func (p *Endpoint) mustAccept(h event.Handler) {
	for h != nil {
		if a, ok := h.(vendorAccepter); ok {
			if err := a.AcceptsVendor(p.vendor); err != nil {
				panic(fmt.Sprintf("verify: the handler of endpoint %q does not take the events of vendor %q: %v", p.source, p.vendor, err))
			}
		}
		w, ok := h.(interface{ Unwrap() event.Handler })
		if !ok {
			return
		}
		h = w.Unwrap()
	}
}
