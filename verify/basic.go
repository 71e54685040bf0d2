package verify

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/credential"
)

// A Credential is a user and a password for Basic authentication.
type Credential struct {
	User     string
	Password event.Secret
}

// NewCredential returns the Credential of a user and a password.
func NewCredential(user, password string) Credential {
	return Credential{User: user, Password: event.NewSecret(password)}
}

// BasicAuth is a [Verifier] for HTTP Basic authentication (RFC 7617). Make it
// with [NewBasicAuth]; the zero BasicAuth refuses every request.
//
// It does not authenticate the body: anyone with the password can send any event.
// Over plain HTTP, anyone on the path can read the password.
type BasicAuth struct {
	accounts []account
}

// An account is the digest of "user:password", which is unambiguous: a user has no
// colon.
type account struct {
	sum   credential.Digest
	label string
}

// NewBasicAuth returns a verifier that accepts any of the credentials. Several are
// for rotation. A user must not contain a colon, which Basic cannot send.
func NewBasicAuth(credentials ...Credential) (*BasicAuth, error) {
	if len(credentials) == 0 {
		return nil, errors.New("verify: BasicAuth credentials is empty")
	}
	v := new(BasicAuth)
	for i, c := range credentials {
		if err := credential.CheckAccount(fmt.Sprintf("verify: BasicAuth credentials[%d]", i), c.User, c.Password); err != nil {
			return nil, err
		}
		password, _ := c.Password.Reveal()
		v.accounts = append(v.accounts, account{
			sum:   credential.Sum(c.User + ":" + password),
			label: "user " + c.User,
		})
	}
	return v, nil
}

// Verify implements [Verifier]. Its label is "user " and the name of the user.
func (v *BasicAuth) Verify(r *http.Request, _ []byte) (string, error) {
	return v.VerifyHeader(r)
}

// VerifyHeader implements [HeaderVerifier].
func (v *BasicAuth) VerifyHeader(r *http.Request) (string, error) {
	if v == nil || len(v.accounts) == 0 {
		return "", ErrUnauthenticated
	}
	text, err := authorization(r, "Basic")
	if err != nil {
		return "", err
	}
	sum, err := credential.SumBase64(text)
	if err != nil {
		return "", fmt.Errorf("%w: Authorization is not Basic", ErrBadCredential)
	}
	match := -1
	for i := range v.accounts {
		if subtle.ConstantTimeCompare(sum[:], v.accounts[i].sum[:]) == 1 && match < 0 {
			match = i
		}
	}
	if match < 0 {
		return "", fmt.Errorf("%w: wrong user or password", ErrBadCredential)
	}
	return v.accounts[match].label, nil
}

// Challenge implements [Challenger].
func (v *BasicAuth) Challenge() string { return `Basic realm="webhook", charset="UTF-8"` }

// authorization returns what the one Authorization header that r may have says
// after its scheme.
func authorization(r *http.Request, scheme string) (string, error) {
	values := r.Header["Authorization"]
	switch {
	case len(values) == 0:
		return "", fmt.Errorf("%w: no Authorization header", ErrNoCredential)
	case len(values) > 1:
		return "", fmt.Errorf("%w: Authorization header is repeated", ErrBadCredential)
	}
	sent, text, ok := strings.Cut(values[0], " ")
	text = strings.Trim(text, " ") // one space or more (RFC 9110, 11.4)
	if !ok || sent != scheme && !strings.EqualFold(sent, scheme) {
		return "", fmt.Errorf("%w: Authorization is not %s", ErrBadCredential, scheme)
	}
	return text, nil
}
