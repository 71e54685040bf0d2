package verifytest_test

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
	"github.com/accesshook/accesshook/verify/verifytest"
)

// This file is a whole vendor package, written with the public API and the standard
// library alone.

type doorEvent struct {
	Event string       `json:"event,omitzero"`
	Door  string       `json:"door,omitzero"`
	Code  event.Secret `json:"code,omitzero"`
	At    time.Time    `json:"at,omitzero"`
}

var doorTypes = map[string]event.Type{"opened": event.LockUnlocked, "closed": event.LockLocked}

func decodeDoor(body []byte) (*event.Event, error) {
	p := new(doorEvent)
	warnings, err := verify.Unmarshal(body, p)
	if err != nil {
		return nil, err
	}
	e := &event.Event{Vendor: "door", Type: event.Unknown, VendorType: p.Event, Time: p.At, Payload: p, Warnings: warnings}
	if t, ok := doorTypes[p.Event]; ok {
		e.Type = t
	}
	e.Outcome, e.Severity = e.Type.Outcome(), e.Type.Severity()
	e.Lock.ID = p.Door
	return e, nil
}

func doorVerifier(secrets ...event.Secret) (verify.Verifier, error) {
	return verify.NewSigned(verify.SignedConfig{Header: "X-Door-Signature", Prefix: "sha256=", Secrets: secrets})
}

func newDoor(secrets []event.Secret, c verify.Config) (*verify.Endpoint, error) {
	v, err := doorVerifier(secrets...)
	if err != nil {
		return nil, err
	}
	return verify.NewEndpoint(verify.Definition{
		Vendor: "door", Verifier: v, Config: c,
		Decode: func(_ http.Header, body []byte) (*event.Event, error) { return decodeDoor(body) },
	})
}

func doorRequest(ctx context.Context, url, secret string, body []byte) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("X-Door-Signature", "sha256="+sign(secret, body))
	return r, nil
}

func door() verifytest.Vendor {
	return verifytest.Vendor{
		New: newDoor, NewVerifier: doorVerifier, NewRequest: doorRequest, Decode: decodeDoor,
		Credentials: [3]string{"door secret number one", "door secret number two", "a stranger's door secret"},
		Header:      "X-Door-Signature",
		Signed:      true,
		Hex:         true,
		Payloads: map[string][]byte{
			"opened": []byte(`{"event":"opened","door":"north","code":"7355608-canary","at":"2024-05-14T08:31:07Z"}`),
			"closed": []byte(`{"event":"closed","door":"north","at":"2024-05-14T08:32:07Z"}`),
		},
		Unknown:  []byte(`{"event":"painted","door":"north"}`),
		Canaries: []string{"7355608-canary"},
	}
}
