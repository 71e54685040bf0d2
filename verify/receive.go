package verify

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"runtime/debug"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/convert"
)

// Receive takes a request from the network to a verified event: method, headers,
// body, credential, decoding, age. It writes nothing but may set the read
// deadline of the connection. On success r.Body reads again from the start.
//
// Nothing may have read r.Body before, as the middleware of a framework might. A
// body with a Content-Length of which nothing is left is therefore an error that
// is answered 500: the sender did nothing wrong and may try again. Without a
// Content-Length it cannot be told from an empty body.
//
// Answer with Respond, also when Receive failed. Receive does not log and does
// not observe: [Endpoint.Handler] and [Endpoint.Middleware] do.
func (p *Endpoint) Receive(w http.ResponseWriter, r *http.Request) (*event.Event, error) {
	x := exchange{w: w, r: r}
	if err := p.receive(&x); err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(x.body))
	return x.event, nil
}

// Check verifies and decodes a request whose body the caller has read, from a
// function service or a queue. It looks at the headers of r and at body, and at
// r.RemoteAddr where AllowFrom or RateLimit need the client, but at no method. It
// reports an event whose Received is now.
func (p *Endpoint) Check(r *http.Request, body []byte) (*event.Event, error) {
	x := exchange{r: r, received: time.Now(), body: body}
	if err := p.check(&x); err != nil {
		return nil, err
	}
	return x.event, nil
}

// Verify checks the credential alone.
func (p *Endpoint) Verify(r *http.Request, body []byte) error {
	_, _, err := p.verify(p.currentVerifier(), r, body)
	return err
}

// Decode decodes a body that was verified before, such as one that was stored.
// Received of the event is zero, and so is Time if the vendor sent none. What it
// decodes is not verified, but credentials in it that are accepted at present are
// masked.
func (p *Endpoint) Decode(body []byte) (*event.Event, error) {
	if p.decode == nil {
		return nil, ErrUnauthenticated
	}
	masked := body
	if b, ok := p.currentVerifier().(BodyVerifier); ok {
		masked = b.Mask(body)
	}
	return p.decoded(nil, masked, body)
}

// An exchange is one request on its way, and what has been found out about it.
type exchange struct {
	w        http.ResponseWriter
	r        *http.Request
	received time.Time
	body     []byte // also if it did not come whole, for the record
	held     int64  // of the endpoint's bodyBudget
	by       string
	verified bool
	event    *event.Event
	facts    facts

	duplicate bool // a handler has dropped the event as one

	looked  bool // addr and addrErr are known
	addr    netip.Addr
	addrErr error
	outside bool // of AllowFromReport
}

// facts are what is told of an event, kept from before a handler has it: one that
// writes to its event against the rules, perhaps at this moment, does not write
// the log.
type facts struct {
	id, vendorType string
	typ            event.Type
}

func (p *Endpoint) receive(x *exchange) error {
	x.received = time.Now()
	defer p.unverified.free(&x.held)
	limit := p.limitBody(x) // first, since also the body of a refused request is waited for
	if x.r.Method != http.MethodPost {
		return ErrMethod
	}
	if err := p.admit(x); err != nil {
		return err
	}
	if x.r.Header["Content-Encoding"] != nil {
		return ErrContentEncoding
	}
	v := p.currentVerifier()
	checked, err := p.precheck(v, x)
	if err != nil {
		return err
	}
	if x.body, err = limit.read(&p.unverified, &x.held); err != nil {
		return err
	}
	return p.checkBody(v, x, checked)
}

func (p *Endpoint) check(x *exchange) error {
	if p.decode != nil && int64(len(x.body)) > p.config.MaxBody {
		return ErrBodyTooLarge
	}
	if err := p.admit(x); err != nil {
		return err
	}
	v := p.currentVerifier()
	checked, err := p.precheck(v, x)
	if err != nil {
		return err
	}
	return p.checkBody(v, x, checked)
}

// checkBody verifies, unless the headers have said all, and decodes.
func (p *Endpoint) checkBody(v Verifier, x *exchange, checked bool) error {
	masked := x.body
	if !checked {
		var err error
		if x.by, masked, err = p.verify(v, x.r, x.body); err != nil {
			return p.failed(x, err)
		}
	}
	x.verified = true
	e, err := p.decoded(x.r.Header, masked, x.body)
	if err != nil {
		return err
	}
	if err := p.checkAge(e.Time, x.received); err != nil {
		return err
	}
	e.Credential = x.by
	e.Received = x.received.Round(0).UTC()
	if e.Time.IsZero() {
		e.Time = e.Received
	}
	x.event = e
	x.facts = facts{e.ID, e.VendorType, e.Type}
	return nil
}

func (p *Endpoint) precheck(v Verifier, x *exchange) (checked bool, err error) {
	defer contain(&err)
	by, checked, err := precheck(v, x.r)
	if err != nil {
		return false, p.failed(x, unauthenticated(err))
	}
	x.by, x.verified = by, checked
	return checked, nil
}

func (p *Endpoint) verify(v Verifier, r *http.Request, body []byte) (by string, masked []byte, err error) {
	defer contain(&err)
	by, masked, err = verifyBody(v, r, body)
	if err != nil {
		return "", nil, unauthenticated(err)
	}
	return by, masked, nil
}

// unauthenticated sees to it that whatever error a verifier returns is answered
// as a refusal, never as a failure of the service that a sender should retry;
// unless the verifier says that it could not tell.
func unauthenticated(err error) error {
	if errors.Is(err, ErrUnauthenticated) || errors.Is(err, ErrForbidden) || errors.Is(err, ErrRateLimited) {
		return err
	}
	if _, ok := event.IsUnavailable(err); ok {
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnauthenticated, err)
}

func (p *Endpoint) decoded(h http.Header, body, raw []byte) (e *event.Event, err error) {
	defer contain(&err)
	e, err = p.decode(h, body)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	case e == nil:
		return nil, fmt.Errorf("%w: no event", ErrMalformed)
	}
	e.Vendor, e.Source = p.vendor, p.source
	e.Raw = raw
	if e.ID == "" {
		e.ID = convert.ID(body)
	}
	if len(e.Warnings) > event.MaxWarnings {
		e.Warnings = e.Warnings[:event.MaxWarnings]
	}
	return e, nil
}

// contain makes an error of a panic in a verifier or decoder: a bug of ours, not
// of the sender's.
func contain(err *error) {
	if v := recover(); v != nil {
		*err = &event.PanicError{Value: v, Stack: debug.Stack()}
	}
}

// checkAge is zero-safe: an event without a time is neither old nor new enough.
func (p *Endpoint) checkAge(t, now time.Time) error {
	c := &p.config
	switch {
	case c.MaxAge == 0 && c.MaxFuture == 0:
		return nil
	case t.IsZero():
		return fmt.Errorf("%w: it has no time", ErrStale)
	case c.MaxAge != 0 && now.Sub(t) > c.MaxAge:
		return fmt.Errorf("%w: older than %s", ErrStale, c.MaxAge)
	case c.MaxFuture != 0 && t.Sub(now) > c.MaxFuture:
		return fmt.Errorf("%w: more than %s ahead", ErrStale, c.MaxFuture)
	default:
		return nil
	}
}
