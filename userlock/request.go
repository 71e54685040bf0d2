package userlock

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/accesshook/accesshook/internal/jsonbody"
	"github.com/accesshook/accesshook/internal/request"
)

// NewRequest returns a request as UserLock sends it, for tests of your own handler and for
// tools. The payload is a [Notification] or a pointer to one; id is added in clear, as the
// field UserLockId. A []byte or [encoding/json.RawMessage] is sent as it is, and must have
// the ID itself.
func NewRequest(ctx context.Context, url, id string, payload any) (*http.Request, error) {
	if _, ok := normalizeID(nil, id); !ok {
		return nil, errors.New("userlock: id is not a GUID")
	}
	return request.Post(ctx, url, payload, func(v any) ([]byte, error) {
		if n, ok := v.(*Notification); ok {
			return jsonbody.Append(nil, &body{id, fields(*n)})
		}
		return nil, fmt.Errorf("userlock: payload is a %T, want a Notification or []byte", v)
	})
}
