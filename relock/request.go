package relock

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/accesshook/accesshook/internal/convert"
)

// NewRequest returns a request as Relock sends it, signed with secret: for
// testing your own handler, and for tools. The payload is one of this package's
// payloads or a pointer to one, or a []byte or [json.RawMessage] that is signed and
// sent as it is.
func NewRequest(ctx context.Context, url, secret string, payload any) (*http.Request, error) {
	if secret == "" {
		return nil, errors.New("relock: secret is empty")
	}
	switch payload.(type) {
	case AuthenticationSucceeded, AuthenticationFailed, DeviceRegistered, DeviceRevoked,
		SessionCreated, SessionEnded, SecurityAlert, Unknown,
		*AuthenticationSucceeded, *AuthenticationFailed, *DeviceRegistered, *DeviceRevoked,
		*SessionCreated, *SessionEnded, *SecurityAlert, *Unknown:
	case []byte, json.RawMessage:
	default:
		return nil, fmt.Errorf("relock: payload is a %T, want one of this package's or []byte", payload)
	}
	body, err := convert.Body(payload)
	if err != nil {
		return nil, fmt.Errorf("relock: %w", err)
	}
	r, err := convert.Post(ctx, url, body)
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	r.Header.Set(SignatureHeader, hex.EncodeToString(mac.Sum(nil)))
	return r, nil
}
