// Package convert holds what vendor packages share in turning payloads into
// events and events into requests.
package convert

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"net/http"
	"net/netip"
	"strings"
	"sync"

	"github.com/accesshook/accesshook/internal/jsonbody"
)

// ID is the Event.ID of a body whose vendor sends no ID: the lower-case hex
// SHA-256 of the bytes as they came.
func ID(body []byte) string { return text(sha256.Sum256(body)) }

// IDOf is ID for a body in parts.
func IDOf(parts ...[]byte) string {
	h := hashers.Get().(*hasher)
	defer hashers.Put(h)
	h.Reset()
	for _, p := range parts {
		h.Write(p)
	}
	h.sum = h.Sum(h.sum[:0])
	return text([sha256.Size]byte(h.sum))
}

type hasher struct {
	hash.Hash
	sum []byte
}

var hashers = sync.Pool{New: func() any { return &hasher{Hash: sha256.New()} }}

func text(sum [sha256.Size]byte) string {
	var digits [2 * sha256.Size]byte
	hex.Encode(digits[:], sum[:])
	return string(digits[:])
}

// Address reads an IP address, with or without a port, unmapped and without a
// zone. It is the zero Addr if s is none.
func Address(s string) netip.Addr {
	if s == "" {
		return netip.Addr{}
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		ap, err := netip.ParseAddrPort(s)
		if err != nil {
			return netip.Addr{}
		}
		a = ap.Addr()
	}
	return a.Unmap().WithZone("")
}

// CountryCode returns s in upper case if it has the form of an ISO 3166-1
// alpha-2 code, else "".
func CountryCode(s string) string {
	if len(s) != 2 || !letter(s[0]) || !letter(s[1]) {
		return ""
	}
	return strings.ToUpper(s)
}

func letter(c byte) bool { c |= 0x20; return 'a' <= c && c <= 'z' }

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
