package loginradius

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"

	"github.com/accesshook/accesshook/internal/jsonbody"
	"github.com/accesshook/accesshook/internal/request"
)

// NewRequest returns a request as LoginRadius sends it, signed with secret: for
// testing your own handler, and for tools. The payload is a [Hook] or a pointer to
// one, whose secrets are sent in clear, or a []byte or [encoding/json.RawMessage] that is
// signed and sent as it is.
func NewRequest(ctx context.Context, url, secret string, payload any) (*http.Request, error) {
	if secret == "" {
		return nil, errors.New("loginradius: secret is empty")
	}
	r, err := request.Post(ctx, url, payload, func(v any) ([]byte, error) {
		if h, ok := v.(*Hook); ok {
			return jsonbody.AppendClear(nil, h.body())
		}
		return nil, fmt.Errorf("loginradius: payload is a %T, want a Hook or []byte", v)
	})
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(request.Body(r))
	r.Header.Set(SignatureHeader, fmt.Sprintf("%X", mac.Sum(nil)))
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "LoginRadius Service Consumer (https://www.loginradius.com)")
	return r, nil
}
