package verify

import "net/http"

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
// endpoint calls VerifyBody and not Verify. It decodes masked and not the body, so
// that the credential gets no further. Event.Raw remains the body as it arrived.
type BodyVerifier interface {
	Verifier
	// VerifyBody is Verify, and returns the body with the credential masked. It
	// must not change body.
	VerifyBody(r *http.Request, body []byte) (credential string, masked []byte, err error)
	// Mask returns body with every credential masked that the verifier accepts, or
	// body itself if there is none. It must not change body.
	Mask(body []byte) []byte
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

func verifyBody(v Verifier, r *http.Request, body []byte) (credential string, masked []byte, err error) {
	if b, ok := v.(BodyVerifier); ok {
		return b.VerifyBody(r, body)
	}
	credential, err = v.Verify(r, body)
	return credential, body, err
}

func challenge(v Verifier) string {
	if c, ok := v.(Challenger); ok {
		return c.Challenge()
	}
	return ""
}
