package verifytest_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
	"github.com/accesshook/accesshook/verify/verifytest"
)

// A vendor that signs "{timestamp}.{body}". In a test, call verifytest.Run(t, vendor).
func Example() {
	vendor := verifytest.Vendor{
		New:           newAcme,
		NewVerifier:   newAcmeVerifier,
		NewRequestAt:  newAcmeRequest,
		Decode:        decodeAcme,
		Credentials:   [3]string{"the first secret", "the second secret", "the secret of a stranger"},
		Header:        "X-Acme-Signature",
		Hex:           true,
		Signed:        true,
		SignedHeaders: []string{"X-Acme-Timestamp"},
		Window:        verify.DefaultWindow,
		OwnIDs:        true,
		Payloads:      map[string][]byte{"entry": []byte(`{"id":"b-1","kind":"entry","holder":"ada","at":"2026-05-14T08:31:07Z"}`)},
		Unknown:       []byte(`{"id":"b-2","kind":"painted"}`),
	}
	fmt.Println(verifytest.Check(vendor))
	// Output: <nil>
}

type acmeBadge struct {
	ID     string    `json:"id,omitzero"`
	Kind   string    `json:"kind,omitzero"`
	Holder string    `json:"holder,omitzero"`
	At     time.Time `json:"at,omitzero"`
}

func decodeAcme(body []byte) (*event.Event, error) {
	p := new(acmeBadge)
	warnings, err := verify.Unmarshal(body, p)
	if err != nil {
		return nil, err
	}
	e := &event.Event{ID: p.ID, Type: event.Unknown, VendorType: p.Kind, Time: p.At, Payload: p, Warnings: warnings}
	if p.Kind == "entry" {
		e.Type = event.LockUnlocked
	}
	e.Outcome, e.Severity = e.Type.Outcome(), e.Type.Severity()
	e.User.ID = p.Holder
	return e, nil
}

func newAcmeVerifier(secrets ...event.Secret) (verify.Verifier, error) {
	return verify.NewSigned(verify.SignedConfig{
		Header: "X-Acme-Signature", Signed: "{timestamp}.{body}", TimestampHeader: "X-Acme-Timestamp", Secrets: secrets,
	})
}

func newAcme(secrets []event.Secret, c verify.Config) (*verify.Endpoint, error) {
	v, err := newAcmeVerifier(secrets...)
	if err != nil {
		return nil, err
	}
	return verify.NewEndpoint(verify.Definition{
		Vendor: "acme", Verifier: v, Config: c,
		Decode: func(_ http.Header, body []byte) (*event.Event, error) { return decodeAcme(body) },
	})
}

func newAcmeRequest(ctx context.Context, url, secret, timestamp string, body []byte) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%s.%s", timestamp, body)
	r.Header.Set("X-Acme-Timestamp", timestamp)
	r.Header.Set("X-Acme-Signature", hex.EncodeToString(mac.Sum(nil)))
	return r, nil
}
