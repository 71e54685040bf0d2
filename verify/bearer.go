package verify

import (
	"crypto/subtle"
	"fmt"
	"net/http"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/credential"
)

// Bearer is a [Verifier] for a fixed token in the Authorization header (RFC
// 6750). Make it with [NewBearer]; the zero Bearer refuses every request.
//
// It does not authenticate the body: anyone with the token can send any event.
type Bearer struct {
	tokens []credential.Digest
	labels []string
}

// NewBearer returns a verifier that accepts any of the tokens. Each has at least 16
// bytes. Several are for rotation.
func NewBearer(tokens ...event.Secret) (*Bearer, error) {
	if err := credential.CheckAll("verify: Bearer tokens", tokens, credential.MinKey); err != nil {
		return nil, err
	}
	v := new(Bearer)
	for i, t := range tokens {
		text, _ := t.Reveal()
		v.tokens = append(v.tokens, credential.Sum(text))
		v.labels = append(v.labels, fmt.Sprintf("token %d", i+1))
	}
	return v, nil
}

// Verify implements [Verifier]. Its label is "token 1" for the first token.
func (v *Bearer) Verify(r *http.Request, _ []byte) (string, error) {
	return v.VerifyHeader(r)
}

// VerifyHeader implements [HeaderVerifier].
func (v *Bearer) VerifyHeader(r *http.Request) (string, error) {
	if v == nil || len(v.tokens) == 0 {
		return "", ErrUnauthenticated
	}
	token, err := authorization(r, "Bearer")
	if err != nil {
		return "", err
	}
	sum := credential.Sum(token)
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
