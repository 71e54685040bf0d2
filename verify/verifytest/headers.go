package verifytest

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/verify"
)

// toleratesDriftedHeaders checks that no event is lost for a header that is not signed.
func toleratesDriftedHeaders(v Vendor) error {
	b, err := v.bench(nil)
	if err != nil {
		return err
	}
	defer b.close()
	for _, p := range v.payloads() {
		for name := range p.header {
			for _, values := range [][]string{
				nil, {""}, {" "}, {"never-heard-of"}, {"12"}, {strings.Repeat("x", 5000)}, {"a\xffb\u2028<&>"}, {"a", "b"},
			} {
				header := p.header.Clone()
				header[name] = values
				e, err := b.event(payload{p.name, header, p.body})
				if err == nil {
					err = v.roundTrip(e)
				}
				if err != nil {
					return fmt.Errorf("%s: header %s is %.20q: %w", p.name, name, values, err)
				}
			}
		}
	}
	return nil
}

// makesOneEvent checks that a delivery that is sent again is the same event, also after
// a rotation of the credentials.
func makesOneEvent(v Vendor) error {
	b, err := v.bench(nil)
	if err != nil {
		return err
	}
	defer b.close()
	for _, p := range v.payloads() {
		var ids [2]string
		var own [2]bool // the ID is in a header, which NewRequest may make anew
		for i, credential := range v.Credentials[:2] {
			r, err := b.request(credential, p)
			if err != nil {
				return err
			}
			for _, name := range common {
				if r.Header[name] == nil && !v.signs(name) {
					r.Header.Set(name, "1")
				}
			}
			body := v.fill(p.body, credential)
			first, err := b.content(r, body)
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			for range 20 { // headers are a map: their order varies
				again, err := b.content(r, body)
				if err != nil {
					return fmt.Errorf("%s: %w", p.name, err)
				}
				if first != again {
					return fmt.Errorf("%s: one request is two events:\n%s\n%s", p.name, first, again)
				}
			}
			ids[i] = first.id
			for _, name := range v.SignedHeaders {
				own[i] = own[i] || r.Header.Get(name) == first.id
			}
		}
		if ids[0] != ids[1] && !(own[0] && own[1]) {
			return fmt.Errorf("%s: the ID depends on the credential: %s and %s", p.name, ids[0], ids[1])
		}
	}
	return nil
}

// ignoresOtherHeaders checks that whoever sends a recorded request again cannot make
// another event of it by a header that nothing signs.
func ignoresOtherHeaders(v Vendor) error {
	b, err := v.bench(nil)
	if err != nil {
		return err
	}
	defer b.close()
	unsigned := v.unsigned()
	for _, p := range v.payloads() {
		r, err := b.request(v.Credentials[0], p)
		if err != nil {
			return err
		}
		body := v.fill(p.body, v.Credentials[0])
		want, err := b.content(r, body)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		names := append(slices.Collect(maps.Keys(r.Header)), common...)
		for _, name := range names {
			if v.signs(name) {
				continue
			}
			for _, values := range [][]string{nil, {"1"}, {"x", "y"}} {
				changed := r.Clone(r.Context())
				changed.Header[name] = values
				e, err := b.hook.Check(changed, body)
				if errors.Is(err, verify.ErrUnauthenticated) {
					continue // it is signed, or a second credential
				}
				if unsigned[name] {
					if err == nil && e.ID != want.id && !v.OwnIDs {
						return fmt.Errorf("%s: the ID depends on header %s, which is not signed, and OwnIDs is not set", p.name, name)
					}
					continue
				}
				if err != nil {
					return fmt.Errorf("%s: header %s is %q: %w", p.name, name, values, err)
				}
				got, err := contentOf(e)
				if err != nil {
					return err
				}
				if got != want {
					return fmt.Errorf("%s: the event depends on header %s, which is neither in SignedHeaders nor in Headers", p.name, name)
				}
			}
		}
	}
	return nil
}

// common are headers that proxies and clients add and change.
var common = []string{
	"Accept-Encoding", "Authorization", "Connection", "Content-Type", "Cookie", "Date", "Idempotency-Key", "Traceparent", "User-Agent", "Via",
	"X-Event-Id", "X-Event-Type", "X-Forwarded-For", "X-Hub-Signature", "X-Http-Method-Override", "X-Request-Id", "X-Timestamp",
}

// A content is what an event says: its ID, and the rest without warnings and the time of
// the request.
type content struct{ id, rest string }

// content checks a request and returns the content of its event.
func (b *bench) content(r *http.Request, body []byte) (content, error) {
	e, err := b.hook.Check(r, body)
	if err != nil {
		return content{}, err
	}
	return contentOf(e)
}

func contentOf(e *event.Event) (content, error) {
	c := e.Clone()
	c.ID, c.Warnings = "any", nil
	if c.Time.Equal(c.Received) {
		c.Time = time.Time{}
	}
	c.Received = time.Time{}
	line, err := cloudevent.Encode(c)
	return content{e.ID, string(line)}, err
}
