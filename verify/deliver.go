package verify

import (
	"context"
	"net/http"
	"time"

	"github.com/accesshook/accesshook/event"
)

// Deliver hands h the event of a body that did not come by webhook: one that the caller
// has fetched from the vendor's API, such as an item of an access log. The event is what
// the webhook would have given, with the same ID and Source, except that Credential is
// empty and that Received is now. So a Dedupe or a store that knows the one knows the
// other.
//
// Deliver verifies nothing. Give it what the vendor itself has answered, over TLS. It
// looks at no header, and MaxAge and MaxFuture do not count: what is fetched is late by
// design. Credentials in the body are masked as in [Endpoint.Decode]. It does not log or
// observe, since there is no request.
//
// Config.Wrap is applied as by [Endpoint.Process], and the context of h ends with ctx, or
// after HandlerTimeout. h may be an [event.Queue] if Config.Wrap may be around one.
// Deliver panics if it may not, if h is nil, or if h does not accept the vendor, as
// [Endpoint.Handler] does.
//
// The error is that of h, a [event.Permanent] one too. A panic of h becomes an
// [*event.PanicError], whatever its value. duplicate reports that the event was dropped as
// one that is known, see [event.MarkDuplicate]; under a Queue it is not known in time, and
// false.
//
// A body that cannot be decoded reaches h as an event of Type [event.Unknown], as in
// Handler, and the error matches [ErrMalformed] also if h succeeds. One that is larger than
// MaxBody does not reach h, and gives [ErrBodyTooLarge].
//
// The body becomes Event.Raw: do not change it afterwards.
func (p *Endpoint) Deliver(ctx context.Context, body []byte, h event.Handler) (duplicate bool, err error) {
	if p.decode == nil {
		return false, ErrUnauthenticated
	}
	if queueIn(h) != nil {
		p.wrapQueue()
	}
	ctx, h = p.wrapLate(ctx, h)
	x := exchange{r: new(http.Request).WithContext(ctx), received: time.Now(), body: body}
	_, err, _ = p.deliver(&x, p.fetch(&x), h)
	return x.duplicate, err
}

// fetch is process for a body without a request.
func (p *Endpoint) fetch(x *exchange) error {
	if int64(len(x.body)) > p.config.MaxBody {
		return ErrBodyTooLarge
	}
	e, spans, err := p.decodeAlone(x.body)
	return p.found(x, e, spans, err)
}
