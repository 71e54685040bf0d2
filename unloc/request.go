package unloc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/accesshook/accesshook/internal/request"
)

// NewRequest returns a request as Unloc sends it, with user and password, for tests of your
// own handler and for tools. The payload is an [AccessEvent] or a pointer to one, or a
// []byte or [encoding/json.RawMessage] that is sent as it is.
func NewRequest(ctx context.Context, url, user, password string, payload any) (*http.Request, error) {
	switch {
	case user == "":
		return nil, errors.New("unloc: user is empty")
	case strings.Contains(user, ":"):
		return nil, errors.New("unloc: user has a colon, which Basic authentication cannot send")
	case password == "":
		return nil, errors.New("unloc: password is empty")
	}
	r, err := request.Post(ctx, url, payload, func(v any) ([]byte, error) {
		if p, ok := v.(*AccessEvent); ok {
			return p.MarshalJSON()
		}
		return nil, fmt.Errorf("unloc: payload is a %T, want an AccessEvent or []byte", v)
	})
	if err != nil {
		return nil, err
	}
	r.SetBasicAuth(user, password)
	return r, nil
}
