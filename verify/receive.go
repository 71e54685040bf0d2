package verify

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"runtime/debug"
	"slices"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/eventid"
	"github.com/accesshook/accesshook/internal/jsonbody"
)

// Receive takes a request from the network to a verified event. It checks the
// method, the client, the headers, the size of the body and the credential, decodes
// the body, and checks the age. On success r.Body reads again from the start.
//
// A body that was verified and cannot be decoded gives an event and an error that
// matches [ErrMalformed]. The event has Type [event.Unknown], no Payload, the body in
// Raw, and one warning. Keep it where nothing may be lost, and answer with the error.
// With any other error the event is nil.
//
// Receive writes no answer. Answer with [Endpoint.Respond], also after an error. It
// may set the read deadline of the connection. It does not log, observe or apply
// Config.Wrap: [Endpoint.Handler] and [Endpoint.Middleware] do.
//
// Nothing may have read r.Body before, as the middleware of a framework might. If
// there is a Content-Length and nothing is left of the body, the error is answered
// 500: the sender did nothing wrong and may try again. Without a Content-Length,
// such a body cannot be told from an empty one.
func (p *Endpoint) Receive(w http.ResponseWriter, r *http.Request) (*event.Event, error) {
	x := exchange{w: w, r: r}
	err := p.receive(&x)
	if x.event != nil {
		r.Body = io.NopCloser(bytes.NewReader(x.body))
	}
	return x.event, err
}

// Check verifies and decodes a request whose body the caller has read. It looks at
// the headers of r and at body. Where AllowFrom or RateLimit need the client, it
// looks at r.RemoteAddr too. It does not look at the method.
//
// Header keys may be in any letter case. Two keys that differ in nothing else are
// refused.
//
// Received of the event is now. A body that was verified and cannot be decoded gives
// an event and an error, as in [Endpoint.Receive]. Check does not log, observe or
// apply Config.Wrap: [Endpoint.Process] does.
func (p *Endpoint) Check(r *http.Request, body []byte) (*event.Event, error) {
	x := exchange{r: r, received: time.Now(), body: body}
	err := p.check(&x)
	return x.event, err
}

// Verify checks the credential alone. Header keys may be in any letter case.
func (p *Endpoint) Verify(r *http.Request, body []byte) error {
	r, err := canonical(r)
	if err != nil {
		return err
	}
	_, _, err = p.verify(p.currentVerifier(), r, body)
	return err
}

// Decode decodes a body that was verified before, such as a stored one. It verifies
// nothing. It masks credentials in the body that are accepted at present. Received of
// the event is zero, and so is Time if the vendor sent none.
func (p *Endpoint) Decode(body []byte) (*event.Event, error) {
	if p.decode == nil {
		return nil, ErrUnauthenticated
	}
	e, spans, err := p.decodeAlone(body)
	if err != nil {
		return nil, err
	}
	p.complete(e, body, spans)
	return e, nil
}

// decodeAlone decodes a body that came without a request. The spans are those of the
// credentials in it.
func (p *Endpoint) decodeAlone(body []byte) (e *event.Event, spans []Span, err error) {
	if b, ok := p.currentVerifier().(BodyVerifier); ok {
		spans = b.Credentials(body)
	}
	e, err = p.decoded(nil, body, spans)
	return e, spans, err
}

// An exchange is one request on its way, and what is known about it.
type exchange struct {
	w          http.ResponseWriter // nil if the caller has read the body
	r          *http.Request
	received   time.Time
	body       []byte // also if only a part arrived, for the record
	reserved   int64  // of the endpoint's bodyBudget
	credential string
	verified   bool
	event      *event.Event // also if the body could not be decoded
	facts      facts

	duplicate bool // a handler has dropped the event as one

	looked  bool // addr and addrErr are known
	addr    netip.Addr
	addrErr error
	outside bool // of AllowFromReport
}

// facts are what the record says of an event. They are copied before a handler has
// it: a handler that changes its event against the rules, perhaps at this moment,
// does not change the record.
type facts struct {
	id, vendorType string
	typ            event.Type
	warnings       []event.Warning
}

// receive is the way of a request whose body is still to be read.
func (p *Endpoint) receive(x *exchange) error {
	x.received = time.Now()
	defer p.unverified.free(&x.reserved)
	limit := p.limitBody(x) // first, since the server also reads the body of a refused request
	v := p.currentVerifier()
	checked, err := p.checkHead(v, x)
	if err != nil {
		return err
	}
	if x.body, err = limit.read(&p.unverified, &x.reserved); err != nil {
		return err
	}
	return p.checkBody(v, x, checked)
}

// process is receive for a body that the caller has read.
func (p *Endpoint) process(x *exchange) (err error) {
	if x.r, err = canonical(x.r); err != nil {
		return p.failed(x, err)
	}
	v := p.currentVerifier()
	checked, err := p.checkHead(v, x)
	if err != nil {
		return err
	}
	return p.checkWhole(v, x, checked)
}

// check is process without a look at the method and at the content encoding.
func (p *Endpoint) check(x *exchange) (err error) {
	if x.r, err = canonical(x.r); err != nil {
		return p.failed(x, err)
	}
	if err := p.admit(x); err != nil {
		return err
	}
	v := p.currentVerifier()
	checked, err := p.precheck(v, x)
	if err != nil {
		return err
	}
	return p.checkWhole(v, x, checked)
}

// checkHead checks all that needs no body. checked says that nothing is left to
// verify.
func (p *Endpoint) checkHead(v Verifier, x *exchange) (checked bool, err error) {
	if x.r.Method != http.MethodPost {
		return false, ErrMethod
	}
	if err := p.admit(x); err != nil {
		return false, err
	}
	if err := checkEncoding(x.r.Header); err != nil {
		return false, err
	}
	return p.precheck(v, x)
}

func (p *Endpoint) checkWhole(v Verifier, x *exchange, checked bool) error {
	if int64(len(x.body)) > p.config.MaxBody {
		return ErrBodyTooLarge
	}
	return p.checkBody(v, x, checked)
}

// checkBody verifies, unless the headers were enough, and decodes. It sets x.event
// also if it returns an error that matches ErrMalformed.
func (p *Endpoint) checkBody(v Verifier, x *exchange, checked bool) error {
	e, spans, err := p.verifyAndDecode(v, x, checked)
	switch {
	case !x.verified:
		return p.failed(x, err)
	case err == nil:
		if err := p.checkAge(e.Time, x.received); err != nil {
			return err
		}
	}
	return p.found(x, e, spans, err)
}

// found sets x.event. err is why the body could not be decoded, and is returned.
func (p *Endpoint) found(x *exchange, e *event.Event, spans []Span, err error) error {
	if err != nil {
		e = undecodable(x.body)
	}
	p.complete(e, x.body, spans)
	e.Credential = x.credential
	e.Received = x.received.Round(0).UTC()
	if e.Time.IsZero() {
		e.Time = e.Received
	}
	x.event = e
	x.facts = facts{id: e.ID, vendorType: e.VendorType, typ: e.Type}
	if len(e.Warnings) > 0 && p.config.Observe != nil {
		x.facts.warnings = slices.Clone(e.Warnings)
	}
	return err
}

func (p *Endpoint) verifyAndDecode(v Verifier, x *exchange, checked bool) (e *event.Event, spans []Span, err error) {
	if id, ok := v.(*BodyID); ok && p.oneWalk != nil {
		return p.walkOnce(id, x)
	}
	if !checked {
		if x.credential, spans, err = p.verify(v, x.r, x.body); err != nil {
			return nil, nil, err
		}
		x.verified = true
	}
	e, err = p.decoded(x.r.Header, x.body, spans)
	return e, spans, err
}

// walkOnce verifies and decodes a body in one walk.
func (p *Endpoint) walkOnce(v *BodyID, x *exchange) (e *event.Event, spans []Span, err error) {
	defer func() {
		if err != nil && x.verified && !errors.Is(err, ErrMalformed) { // a panic of the decoder
			e, spans, err = nil, v.Credentials(x.body), fmt.Errorf("%w: %w", ErrMalformed, err)
		}
	}()
	defer contain(&err)
	credential, r, nested, err := v.walk(x.body)
	if err != nil {
		return nil, nil, unauthenticated(err)
	}
	x.credential, x.verified = credential, true
	if r == nil {
		spans = v.quoted(x.body)
	} else {
		defer r.Close()
		if !nested {
			r.Grow(eventid.Size)
			if e = p.oneWalk(r); e.ID == "" {
				var id [eventid.Size]byte
				e.ID = r.String(eventid.AppendWithout(id[:0], x.body, r.Marked()))
			}
			return e, nil, nil
		}
		spans = v.spans(x.body, r)
	}
	e, err = p.decoded(x.r.Header, x.body, spans)
	return e, spans, err
}

func (p *Endpoint) precheck(v Verifier, x *exchange) (checked bool, err error) {
	defer contain(&err)
	credential, checked, err := precheck(v, x.r)
	if err != nil {
		return false, p.failed(x, unauthenticated(err))
	}
	x.credential, x.verified = credential, checked
	return checked, nil
}

func (p *Endpoint) verify(v Verifier, r *http.Request, body []byte) (credential string, spans []Span, err error) {
	defer contain(&err)
	credential, spans, err = verifyBody(v, r, body)
	if err != nil {
		return "", nil, unauthenticated(err)
	}
	return credential, spans, nil
}

// unauthenticated makes sure that an error of a verifier is answered as a refusal,
// not as a failure of the service that a sender should retry. An error that says
// that the verifier could not tell stays one.
func unauthenticated(err error) error {
	if errors.Is(err, ErrUnauthenticated) || errors.Is(err, ErrForbidden) || errors.Is(err, ErrRateLimited) {
		return err
	}
	if _, ok := event.IsUnavailable(err); ok {
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnauthenticated, err)
}

// decoded calls the vendor's decoder for a body without the credentials in it. Its
// errors match ErrMalformed, also that of a panic.
func (p *Endpoint) decoded(h http.Header, body []byte, spans []Span) (e *event.Event, err error) {
	defer func() {
		if err != nil {
			e, err = nil, fmt.Errorf("%w: %w", ErrMalformed, err)
		}
	}()
	defer contain(&err)
	copied, at := masked(body, spans)
	if e = p.walkMarked(copied, at); e != nil {
		return e, nil
	}
	e, err = p.decode(h, copied)
	if err == nil && e == nil {
		err = errors.New("no event")
	}
	return e, err
}

// walkMarked decodes a body by the decoder that knows marks, if there is one and there
// is something to mark.
func (p *Endpoint) walkMarked(body []byte, masked [][2]int) *event.Event {
	if p.oneWalk == nil || len(masked) == 0 {
		return nil
	}
	r, err := jsonbody.Open(body)
	if err != nil {
		return nil
	}
	defer r.Close()
	r.MarkValues(masked)
	return p.oneWalk(r)
}

// complete sets what the endpoint knows of an event.
func (p *Endpoint) complete(e *event.Event, raw []byte, spans []Span) {
	e.Vendor, e.Source = p.vendor, p.source
	e.Raw = raw
	if e.ID == "" {
		e.ID = eventid.Without(raw, positions(spans))
	}
	if len(e.Warnings) > event.MaxWarnings {
		e.Warnings = e.Warnings[:event.MaxWarnings]
	}
}

// contain turns a panic in a verifier or decoder into an error.
func contain(err *error) {
	if v := recover(); v != nil {
		*err = &event.PanicError{Value: v, Stack: debug.Stack()}
	}
}

// checkAge refuses an event outside the window. An event without a time is in no
// window.
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
