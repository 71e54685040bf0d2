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
	"reflect"

	"github.com/accesshook/accesshook/internal/request"
)

// NewRequest returns a request as Relock sends it, signed with secret: for
// testing your own handler, and for tools. The payload is one of this package's
// payloads or a pointer to one, or a []byte or [json.RawMessage] that is signed and sent as
// it is.
func NewRequest(ctx context.Context, url, secret string, payload any) (*http.Request, error) {
	if secret == "" {
		return nil, errors.New("relock: secret is empty")
	}
	r, err := request.Post(ctx, url, payload, func(v any) ([]byte, error) {
		for _, p := range payloads {
			if reflect.TypeOf(v) == reflect.TypeOf(p) {
				return v.(json.Marshaler).MarshalJSON()
			}
		}
		return nil, fmt.Errorf("relock: payload is a %T, want one of this package's or []byte", v)
	})
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(request.Body(r))
	r.Header.Set(SignatureHeader, hex.EncodeToString(mac.Sum(nil)))
	return r, nil
}
