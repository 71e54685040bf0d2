package loginradius

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/accesshook/accesshook/internal/convert"
)

// NewRequest returns a request as LoginRadius sends it, signed with secret: for
// testing your own handler, and for tools. The payload is a [Hook] or a pointer to
// one, whose secrets are sent in clear, or a []byte or [json.RawMessage] that is
// signed and sent as it is.
func NewRequest(ctx context.Context, url, secret string, payload any) (*http.Request, error) {
	if secret == "" {
		return nil, errors.New("loginradius: secret is empty")
	}
	switch p := payload.(type) {
	case Hook:
		payload = p.wire()
	case *Hook:
		if p == nil {
			return nil, errors.New("loginradius: payload is nil")
		}
		payload = p.wire()
	case []byte, json.RawMessage:
	default:
		return nil, fmt.Errorf("loginradius: payload is a %T, want a Hook or []byte", payload)
	}
	body, err := convert.Body(payload)
	if err != nil {
		return nil, err
	}
	r, err := convert.Post(ctx, url, body)
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	r.Header.Set(SignatureHeader, fmt.Sprintf("%X", mac.Sum(nil)))
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "LoginRadius Service Consumer (https://www.loginradius.com)")
	return r, nil
}
