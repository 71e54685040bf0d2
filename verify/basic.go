package verify

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/accesshook/accesshook/internal/credential"
)

// A Credential is a user and a password for Basic authentication.
type Credential struct {
	User     string
	Password string
}

// Format implements [fmt.Formatter] for every verb without the password.
func (c Credential) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "%s:[redacted]", c.User) }

// LogValue implements [slog.LogValuer] without the password.
func (c Credential) LogValue() slog.Value { return slog.StringValue(c.User + ":[redacted]") }

// MarshalText implements [encoding.TextMarshaler] by refusing, for JSON and XML: a
// credential has no business in an encoding.
func (c Credential) MarshalText() ([]byte, error) { return nil, errEncoded }

// GobEncode implements [encoding/gob.GobEncoder] by refusing.
func (c Credential) GobEncode() ([]byte, error) { return nil, errEncoded }

var errEncoded = errors.New("verify: a Credential is not encoded")

// BasicAuth is a [Verifier] for HTTP Basic authentication (RFC 7617). Make it
// with [NewBasicAuth]; the zero BasicAuth refuses every request.
//
// It says nothing about the body: whoever has the password can send anything,
// and over plain HTTP everybody on the way has the password.
type BasicAuth struct {
	accounts []account
}

// An account is the hash of "user:password", which is unambiguous since a user
// has no colon. Hashes are of one length: comparing them does not tell that of
// the password.
type account struct {
	sum   [sha256.Size]byte
	label string
}

// NewBasicAuth returns a verifier that accepts any of the credentials; several
// are for rotation. Users must not contain a colon, which Basic cannot send.
func NewBasicAuth(credentials ...Credential) (*BasicAuth, error) {
	if len(credentials) == 0 {
		return nil, errors.New("verify: BasicAuth credentials is empty")
	}
	v := new(BasicAuth)
	for i, c := range credentials {
		if err := credential.CheckAccount(fmt.Sprintf("verify: BasicAuth credentials[%d]", i), c.User, c.Password); err != nil {
			return nil, err
		}
		v.accounts = append(v.accounts, account{
			sum:   sha256.Sum256([]byte(c.User + ":" + c.Password)),
			label: "user " + c.User,
		})
	}
	return v, nil
}

// Verify implements [Verifier]. Its label is "user " and the name of the user.
func (v *BasicAuth) Verify(r *http.Request, _ []byte) (credential string, err error) {
	return v.VerifyHeader(r)
}

// VerifyHeader implements [HeaderVerifier].
func (v *BasicAuth) VerifyHeader(r *http.Request) (credential string, err error) {
	if v == nil || len(v.accounts) == 0 {
		return "", ErrUnauthenticated
	}
	text, err := authorization(r, "Basic")
	if err != nil {
		return "", err
	}
	var buf [256]byte // longer credentials go to the heap
	pair, err := base64.StdEncoding.AppendDecode(buf[:0], []byte(text))
	if err != nil {
		return "", fmt.Errorf("%w: Authorization is not Basic", ErrBadCredential)
	}
	sum := sha256.Sum256(pair)
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

// Format implements [fmt.Formatter] for every verb without the credentials.
func (v *BasicAuth) Format(f fmt.State, _ rune) {
	n := 0
	if v != nil {
		n = len(v.accounts)
	}
	fmt.Fprintf(f, "verify.BasicAuth(credentials: %d)", n)
}

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
	if !ok || !strings.EqualFold(sent, scheme) {
		return "", fmt.Errorf("%w: Authorization is not %s", ErrBadCredential, scheme)
	}
	return text, nil
}
