// Package convert holds what vendor packages share in turning payloads into
// events and events into requests.
package convert

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"

	"github.com/accesshook/accesshook/internal/address"
	"github.com/accesshook/accesshook/internal/country"
	"github.com/accesshook/accesshook/internal/eventid"
	"github.com/accesshook/accesshook/internal/jsonbody"
)

// ID is the Event.ID of a body whose vendor sends no ID.
func ID(body []byte) string { return eventid.Of(body) }

// IDOf is ID for a body in parts.
func IDOf(parts ...[]byte) string { return eventid.Of(parts...) }

// Address reads an IP address. It is the zero Addr if s is none.
func Address(s string) netip.Addr {
	a, _ := address.Parse(s)
	return a
}

// CountryCode returns the ISO 3166-1 alpha-2 code of the country that s names, or "".
func CountryCode(s string) string { return country.Code(s) }

// Body returns a payload as the bytes of a request: bytes verbatim, anything
// else encoded with its secrets in clear.
func Body(payload any) ([]byte, error) {
	switch p := payload.(type) {
	case []byte:
		return p, nil
	case json.RawMessage:
		return p, nil
	default:
		body, err := jsonbody.MarshalClear(payload)
		if err != nil {
			return nil, err
		}
		if body[0] != '{' {
			return nil, fmt.Errorf("payload is a %T that encodes as no JSON object: text goes into a []byte", payload)
		}
		return body, nil
	}
}

// Post returns a POST request with a JSON body. Its GetBody is set, so that it
// can be sent again.
func Post(ctx context.Context, url string, body []byte) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	return r, nil
}
