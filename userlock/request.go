package userlock

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/accesshook/accesshook/internal/convert"
	"github.com/accesshook/accesshook/internal/jsonbody"
)

// NewRequest returns a request as UserLock sends it, with id in clear as the
// member UserLockId of the body: for testing your own handler, and for tools. The
// payload is a [Notification] or a pointer to one, or a []byte or [json.RawMessage]
// that is sent as it is and has to hold the ID itself.
func NewRequest(ctx context.Context, url, id string, payload any) (*http.Request, error) {
	if _, ok := normalizeID(nil, id); !ok {
		return nil, errors.New("userlock: id is not a GUID")
	}
	var raw []byte
	var err error
	switch p := payload.(type) {
	case []byte:
		raw = p
	case json.RawMessage:
		raw = p
	case Notification:
		raw, err = jsonbody.Marshal(body{id, fields(p)})
	case *Notification:
		if p == nil {
			return nil, errors.New("userlock: payload is nil")
		}
		raw, err = jsonbody.Marshal(body{id, fields(*p)})
	default:
		return nil, fmt.Errorf("userlock: payload is a %T, want a Notification or []byte", payload)
	}
	if err != nil {
		return nil, err
	}
	return convert.Post(ctx, url, raw)
}
