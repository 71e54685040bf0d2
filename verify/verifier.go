package verify

import "net/http"

// A Verifier tells genuine requests from forged ones. It may be used from many
// goroutines at once.
//
// The verifiers of this package are made by constructors, which refuse what
// could never be safe, such as an empty secret. A zero or nil one refuses every
// request.
type Verifier interface {
	// Verify checks the credential of a request whose body has been read. It
	// reports which credential matched as a label without its content
	// ("secret 2", "user gate"), for logs and de-duplication.
	//
	// An error means that the request is not genuine, and is answered 401. It
	// must not hold the credential that came or the one that was expected.
	Verify(r *http.Request, body []byte) (by string, err error)
}

// A Prechecker is a [Verifier] that can tell some forged requests by their
// headers alone. An endpoint asks it before it reads the body.
type Prechecker interface {
	Verifier
	// Precheck returns an error if Verify would fail whatever the body is.
	Precheck(r *http.Request) error
}

// A HeaderVerifier is a [Verifier] that looks at headers alone. An endpoint calls
// VerifyHeader before it reads the body, in place of Verify.
type HeaderVerifier interface {
	Verifier
	// VerifyHeader is Verify without a body.
	VerifyHeader(r *http.Request) (by string, err error)
}

// A BodyVerifier is a [Verifier] whose credential is a part of the body. An
// endpoint calls VerifyBody in place of Verify, and decodes masked instead of
// the body, so that the credential gets no further; Event.Raw remains the body
// as it came.
type BodyVerifier interface {
	Verifier
	// VerifyBody is Verify, and returns the body with the credential masked. It
	// must not change body.
	VerifyBody(r *http.Request, body []byte) (by string, masked []byte, err error)
	// Mask returns a body with every credential in it masked that the verifier
	// accepts, or body itself if there is none. It must not change body.
	Mask(body []byte) []byte
}

// A Challenger is a [Verifier] with an HTTP authentication scheme.
type Challenger interface {
	Verifier
	// Challenge returns the WWW-Authenticate value of a 401 answer, or "".
	Challenge() string
}

// precheck finds out what can be known from the headers: that the request is
// forged, or, if checked is true, all there is.
func precheck(v Verifier, r *http.Request) (by string, checked bool, err error) {
	switch p := v.(type) {
	case HeaderVerifier:
		by, err = p.VerifyHeader(r)
		return by, true, err
	case Prechecker:
		return "", false, p.Precheck(r)
	default:
		return "", false, nil
	}
}

func verifyBody(v Verifier, r *http.Request, body []byte) (by string, masked []byte, err error) {
	if b, ok := v.(BodyVerifier); ok {
		return b.VerifyBody(r, body)
	}
	by, err = v.Verify(r, body)
	return by, body, err
}

func challenge(v Verifier) string {
	if c, ok := v.(Challenger); ok {
		return c.Challenge()
	}
	return ""
}
