package verify

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"sync"
	"sync/atomic"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/onewalk"
)

// A Definition is all that is particular to a vendor. See [NewEndpoint].
type Definition struct {
	// Vendor is the vendor's name: lower-case letters, digits, hyphens and
	// underscores. Required.
	Vendor string
	// Verifier tells genuine requests from forged ones. Required.
	Verifier Verifier
	// Decode turns a verified body into an event. It sets ID, Type, VendorType, Time
	// (if the vendor sent one), Payload and whatever else the vendor says. The
	// endpoint sets the other fields. If ID is empty, the endpoint sets it to the
	// lower-case hex SHA-256 of the body. Required.
	//
	// The header is nil when decoding from a queue. [Unmarshal] reads the body, and
	// returns an error for what is no JSON object. Decode any other object: an event of
	// a new kind as [event.Unknown] with its Payload, and a field of another type than
	// expected with a warning. Leave out times that RFC 3339 cannot write.
	//
	// An error is answered 400, and handlers get the body alone, see
	// [Endpoint.Handler]. It must not contain a part of the body.
	Decode func(h http.Header, body []byte) (*event.Event, error)
	// OneWalk is for the vendor packages of this module, whose verifier is a
	// [BodyID]: it decodes in the walk that verified. Nil: Decode.
	OneWalk onewalk.Decode
	Config  Config
}

var validVendor = regexp.MustCompile(`^[a-z0-9_-]{1,64}$`)

// An Endpoint receives the webhooks of one vendor. It verifies a request, decodes it,
// passes the event on and answers. The New function of a vendor package makes one, or
// [NewEndpoint]. The zero Endpoint refuses every request with 401.
//
// Use [Endpoint.Handler] for callbacks, [Endpoint.Middleware] around an http.Handler of
// your own, and [Endpoint.Process] in a function service. [Endpoint.Deliver] takes what
// was fetched from the vendor's API. The other methods are the steps alone.
//
// An Endpoint is safe for concurrent use.
type Endpoint struct {
	vendor   string
	source   string
	verifier atomic.Pointer[Verifier]
	decode   func(http.Header, []byte) (*event.Event, error)
	oneWalk  onewalk.Decode
	config   Config

	allowFrom  prefixes
	reportFrom prefixes
	clients    *clients // nil without a rate limit
	unverified bodyBudget
	refusals   *sampler // of log records
	suppressed atomic.Int64
	wrapped    func() event.Handler // for Process and Deliver
	wrapQueue  func()               // panics if Config.Wrap may not be put around a Queue
}

// NewEndpoint returns an endpoint for the vendor that d describes. The error
// names the field that is wrong.
func NewEndpoint(d Definition) (*Endpoint, error) {
	switch {
	case !validVendor.MatchString(d.Vendor):
		return nil, errors.New("verify: Definition.Vendor is empty or has other characters than a-z, 0-9, hyphens and underscores")
	case d.Verifier == nil:
		return nil, errors.New("verify: Definition.Verifier is nil")
	case d.Decode == nil:
		return nil, errors.New("verify: Definition.Decode is nil")
	}
	c, err := d.Config.complete()
	if err != nil {
		return nil, err
	}
	p := &Endpoint{vendor: d.Vendor, source: c.Name, decode: d.Decode, oneWalk: d.OneWalk, config: c, refusals: newSampler(10, 100)}
	p.unverified.limit = c.MaxUnverified
	if p.allowFrom, err = networks("AllowFrom", c.AllowFrom); err != nil {
		return nil, err
	}
	if p.reportFrom, err = networks("AllowFromReport", c.AllowFromReport); err != nil {
		return nil, err
	}
	if c.RateLimit.Requests > 0 {
		p.clients = newClients(c.RateLimit)
	}
	if p.source == "" {
		p.source = d.Vendor
	}
	p.wrapped = sync.OnceValue(p.wrapOnce)
	p.wrapQueue = sync.OnceFunc(func() { p.wrap(new(event.Queue)) })
	p.SetVerifier(d.Verifier)
	return p, nil
}

// networks reads a list of Config. An empty list that is not nil would let nobody in:
// that is a mistake.
func networks(field string, list []string) (prefixes, error) {
	if list == nil {
		return nil, nil
	}
	p, err := parsePrefixes(list)
	if err == nil && len(p) == 0 {
		err = errors.New(" is empty")
	}
	if err != nil {
		return nil, fmt.Errorf("verify: Config.%s%w", field, err)
	}
	return p, nil
}

// SetVerifier replaces the verifier, and so the secrets, while requests are handled.
// Each request is checked by the old one or by v, never by a mixture. Config.Also stays
// in force. After SetVerifier(nil) every request is refused.
func (p *Endpoint) SetVerifier(v Verifier) {
	switch {
	case v == nil:
		p.verifier.Store(nil)
		return
	case p.config.Also != nil:
		v = AllOf(v, p.config.Also)
	}
	p.verifier.Store(&v)
}

// nobody is the verifier of a zero Endpoint. It refuses everything.
type nobody struct{}

func (nobody) Verify(*http.Request, []byte) (string, error) { return "", ErrUnauthenticated }
func (nobody) Precheck(*http.Request) error                 { return ErrUnauthenticated }

func (p *Endpoint) currentVerifier() Verifier {
	if v := p.verifier.Load(); v != nil && p.decode != nil {
		return *v
	}
	return nobody{}
}

// Vendor returns the vendor's name.
func (p *Endpoint) Vendor() string { return p.vendor }

// Source returns the endpoint's name, which becomes Event.Source.
func (p *Endpoint) Source() string { return p.source }
