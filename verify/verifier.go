package verify

import (
	"net/http"
	"slices"

	"github.com/accesshook/accesshook/internal/jsonappend"
)

// A Verifier tells genuine requests from forged ones. It must be safe for
// concurrent use.
//
// Constructors make the verifiers of this package. They refuse what could never be
// safe, such as an empty secret. A zero or nil verifier refuses every request.
type Verifier interface {
	// Verify checks the credential of a request whose body has been read. It
	// returns a label for the credential that matched, without its content:
	// "secret 2", "user gate". The label is for logs.
	//
	// An error means that the request is not genuine. It is answered 401. It must
	// contain neither the credential that was sent nor the expected one. Return an
	// error that matches ErrNoCredential if nothing was sent at all: that does not
	// count as a failure for [RateLimit].
	Verify(r *http.Request, body []byte) (credential string, err error)
}

// A Prechecker is a [Verifier] that can refuse some forged requests by their
// headers alone. An endpoint calls Precheck before it reads the body.
type Prechecker interface {
	Verifier
	// Precheck returns an error if Verify would fail whatever the body is.
	Precheck(r *http.Request) error
}

// A HeaderVerifier is a [Verifier] that needs headers only. An endpoint calls
// VerifyHeader before it reads the body, and does not call Verify.
type HeaderVerifier interface {
	Verifier
	// VerifyHeader is Verify without a body.
	VerifyHeader(r *http.Request) (credential string, err error)
}

// A BodyVerifier is a [Verifier] whose credential is a part of the body. An
// endpoint calls VerifyBody in place of Verify. What it decodes has the credentials
// masked, so that they get no further, and they are left out of the hash that
// becomes Event.ID. Event.Raw remains the body as it came.
//
// A type of yours around a BodyVerifier must have these methods too. Without them the
// request is verified, and nobody knows what to mask.
type BodyVerifier interface {
	Verifier
	// VerifyBody is Verify, and returns where credentials stand in body, whatever
	// was accepted: see Credentials.
	VerifyBody(r *http.Request, body []byte) (credential string, spans []Span, err error)
	// Credentials returns where the credentials that the verifier accepts stand in
	// a body, in order. It does not depend on the body being well-formed.
	Credentials(body []byte) []Span
}

// A Span is a JSON string or number in a body.
type Span struct {
	Start, End int    // in bytes; quotes are within
	Shown      string // what is decoded in its place
}

// A Challenger is a [Verifier] with an HTTP authentication scheme.
type Challenger interface {
	Verifier
	// Challenge returns the WWW-Authenticate value of a 401 answer, or "".
	Challenge() string
}

// precheck looks at the headers. It returns an error if they show a forged request,
// and checked if nothing is left to check.
func precheck(v Verifier, r *http.Request) (credential string, checked bool, err error) {
	switch p := v.(type) {
	case HeaderVerifier:
		credential, err = p.VerifyHeader(r)
		return credential, true, err
	case Prechecker:
		return "", false, p.Precheck(r)
	default:
		return "", false, nil
	}
}

func verifyBody(v Verifier, r *http.Request, body []byte) (credential string, spans []Span, err error) {
	if b, ok := v.(BodyVerifier); ok {
		return b.VerifyBody(r, body)
	}
	credential, err = v.Verify(r, body)
	return credential, nil, err
}

// masked returns a copy of body with what is shown in place of the spans, and where that
// is.
func masked(body []byte, spans []Span) (copied []byte, at [][2]int) {
	if len(spans) == 0 {
		return body, nil
	}
	copied = make([]byte, 0, len(body)+64)
	rest := 0
	for _, s := range spans {
		copied = append(copied, body[rest:s.Start]...)
		start := len(copied)
		copied = jsonappend.String(copied, s.Shown)
		at = append(at, [2]int{start, len(copied)})
		rest = s.End
	}
	return append(copied, body[rest:]...), at
}

// apart returns spans in order. Of two that overlap the second begins where the
// first ends.
func apart(spans []Span) []Span {
	slices.SortFunc(spans, func(a, b Span) int { return a.Start - b.Start })
	kept := spans[:0]
	for _, s := range spans {
		if n := len(kept); n > 0 {
			s.Start = max(s.Start, kept[n-1].End)
		}
		if s.Start < s.End {
			kept = append(kept, s)
		}
	}
	return kept
}

// positions are the start and end of each span.
func positions(spans []Span) [][2]int {
	all := make([][2]int, len(spans))
	for i, s := range spans {
		all[i] = [2]int{s.Start, s.End}
	}
	return all
}

func challenge(v Verifier) string {
	if c, ok := v.(Challenger); ok {
		return c.Challenge()
	}
	return ""
}
