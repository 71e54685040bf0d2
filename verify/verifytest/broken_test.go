package verifytest_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

func sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// Verifiers that are wrong, each in the way of its name.

type always struct{}

func (always) Verify(*http.Request, []byte) (string, error) { return "everybody", nil }

type firstByte struct{ verify.Verifier }

func (v firstByte) Verify(r *http.Request, body []byte) (string, error) {
	return v.Verifier.Verify(r, body[:min(1, len(body))])
}

type firstOnly struct{ verify.Verifier }

func (v firstOnly) Verify(r *http.Request, body []byte) (string, error) {
	r = r.Clone(r.Context())
	if values := r.Header["X-Door-Signature"]; len(values) > 1 {
		r.Header["X-Door-Signature"] = values[:1]
	}
	return v.Verifier.Verify(r, body)
}

type missingIsFine struct{ verify.Verifier }

func (v missingIsFine) Verify(r *http.Request, body []byte) (string, error) {
	if r.Header.Get("X-Door-Signature") == "" {
		return "nobody", nil
	}
	return v.Verifier.Verify(r, body)
}

type talkative struct {
	verify.Verifier
	secrets []event.Secret
}

func (v talkative) Verify(r *http.Request, body []byte) (string, error) {
	by, err := v.Verifier.Verify(r, body)
	if err != nil {
		secret, _ := v.secrets[0].Reveal()
		err = fmt.Errorf("%w with %s", err, secret)
	}
	return by, err
}

type lowerOnly struct{ verify.Verifier }

func (v lowerOnly) Verify(r *http.Request, body []byte) (string, error) {
	if s := r.Header.Get("X-Door-Signature"); s != strings.ToLower(s) {
		return "", verify.ErrBadCredential
	}
	return v.Verifier.Verify(r, body)
}
