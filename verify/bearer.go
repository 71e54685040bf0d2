package verify

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net/http"

	"github.com/accesshook/accesshook/internal/credential"
)

// Bearer is a [Verifier] for a fixed token in the Authorization header (RFC
// 6750). Make it with [NewBearer]; the zero Bearer refuses every request.
//
// It says nothing about the body: whoever has the token can send anything.
type Bearer struct {
	tokens [][sha256.Size]byte
	labels []string
}

// NewBearer returns a verifier that accepts any of the tokens; several are for
// rotation.
func NewBearer(tokens ...string) (*Bearer, error) {
	if err := credential.CheckAll("verify: Bearer tokens", tokens); err != nil {
		return nil, err
	}
	v := new(Bearer)
	for i, t := range tokens {
		v.tokens = append(v.tokens, sha256.Sum256([]byte(t)))
		v.labels = append(v.labels, fmt.Sprintf("token %d", i+1))
	}
	return v, nil
}

// Verify implements [Verifier]. Its label is "token 1" for the first token.
func (v *Bearer) Verify(r *http.Request, _ []byte) (credential string, err error) {
	return v.VerifyHeader(r)
}

// VerifyHeader implements [HeaderVerifier].
func (v *Bearer) VerifyHeader(r *http.Request) (credential string, err error) {
	if v == nil || len(v.tokens) == 0 {
		return "", ErrUnauthenticated
	}
	token, err := authorization(r, "Bearer")
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(token))
	match := -1
	for i := range v.tokens {
		if subtle.ConstantTimeCompare(sum[:], v.tokens[i][:]) == 1 && match < 0 {
			match = i
		}
	}
	if match < 0 {
		return "", fmt.Errorf("%w: wrong token", ErrBadCredential)
	}
	return v.labels[match], nil
}

// Challenge implements [Challenger].
func (v *Bearer) Challenge() string { return `Bearer realm="webhook"` }

// Format implements [fmt.Formatter] for every verb without the tokens.
func (v *Bearer) Format(f fmt.State, _ rune) {
	n := 0
	if v != nil {
		n = len(v.tokens)
	}
	fmt.Fprintf(f, "verify.Bearer(tokens: %d)", n)
}
