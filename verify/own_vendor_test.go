package verify_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
	"github.com/accesshook/accesshook/verify/verifytest"
)

// The vendor that ExampleNewEndpoint and README.md show keeps what all vendors promise.
func TestOwnVendorConforms(t *testing.T) { verifytest.Run(t, ownVendor()) }

// With encoding/json it loses an event for a time that is empty, or a number for a name.
func TestOwnVendorNeedsUnmarshal(t *testing.T) {
	v := ownVendor()
	v.New = func(secrets []event.Secret, c verify.Config) (*verify.Endpoint, error) {
		verifier, err := v.NewVerifier(secrets...)
		if err != nil {
			return nil, err
		}
		return verify.NewEndpoint(verify.Definition{
			Vendor: "acme", Verifier: verifier, Config: c,
			Decode: func(_ http.Header, body []byte) (*event.Event, error) {
				if err := json.Unmarshal(body, new(Badge)); err != nil {
					return nil, errors.New("acme: malformed body")
				}
				return decodeBadge(body)
			},
		})
	}
	assert.ErrorContains(t, verifytest.Check(v), "tolerates drifted fields")
}

func ownVendor() verifytest.Vendor {
	return verifytest.Vendor{
		New: newAcme,
		NewVerifier: func(secrets ...event.Secret) (verify.Verifier, error) {
			return verify.NewSigned(verify.SignedConfig{Header: "X-Acme-Signature", Encoding: verify.Base64, Secrets: secrets})
		},
		NewRequest: func(ctx context.Context, url, secret string, body []byte) (*http.Request, error) {
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
			if err != nil {
				return nil, err
			}
			mac := hmac.New(sha256.New, []byte(secret))
			mac.Write(body)
			r.Header.Set("X-Acme-Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
			return r, nil
		},
		Decode:      decodeBadge,
		Credentials: [3]string{"the first secret of acme", "the second secret of acme", "the secret of a stranger"},
		Header:      "X-Acme-Signature",
		Signed:      true,
		OwnIDs:      true,
		Payloads:    map[string][]byte{"entry": []byte(`{"id":"b-1","kind":"entry","holder":"ada","at":"2026-11-29T10:00:00Z"}`)},
		Unknown:     []byte(`{"id":"b-2","kind":"painted"}`),
	}
}

func TestOwnVendorTolerates(t *testing.T) {
	for at, warnings := range map[string]int{`""`: 0, `12`: 1, `{}`: 1, `"2026-11-29T10:00Z"`: 0} {
		e, err := decodeBadge([]byte(`{"id":"b-1","kind":"entry","holder":7,"at":` + at + `}`))
		require.NoError(t, err)
		assert.Equal(t, event.LockUnlocked, e.Type)
		assert.Equal(t, "7", e.User.ID)
		assert.Len(t, e.Warnings, 1+warnings, at)
	}
}
