package verify_test

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

// A vendor of your own: a struct for what it sends, a verifier, and a function that
// decodes.
func ExampleNewEndpoint() {
	hook, err := newAcme(event.Secrets("the secret of the webhook"), verify.Config{})
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/webhooks/acme", nil)
	r.Header.Set("X-Acme-Signature", "aZ9cye4AwTaFJlOcSK+JPaGAs47iLp/ObCOhARTe0Xs=")
	e, err := hook.Check(r, []byte(`{"id":"b-1","kind":"entry","holder":7,"door":"north","at":1764410400,"floor":2}`))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(e, e.User.ID, "at", e.Lock.ID, e.Time.UTC())
	fmt.Printf("%s %v\n", e.Payload.(*Badge).Extra, e.Warnings)
	// Output:
	// acme lock.unlocked b-1 7 at north 2025-11-29 10:00:00 +0000 UTC
	// map[floor:2] [{/holder string number} {/at time number}]
}

// A Badge is what Acme sends when somebody shows a badge at a door.
type Badge struct {
	ID     string    `json:"id,omitzero"`
	Kind   string    `json:"kind,omitzero"`
	Holder string    `json:"holder,omitzero"`
	Door   string    `json:"door,omitzero"`
	At     time.Time `json:"at,omitzero"`

	Extra map[string]json.RawMessage `json:",embed"` // what no field is for
}

// MarshalJSON writes Extra as it came, which encoding/json cannot do.
func (b Badge) MarshalJSON() ([]byte, error) { return verify.Marshal(b) }

func newAcme(secrets []event.Secret, c verify.Config) (*verify.Endpoint, error) {
	v, err := verify.NewSigned(verify.SignedConfig{Header: "X-Acme-Signature", Encoding: verify.Base64, Secrets: secrets})
	if err != nil {
		return nil, err
	}
	return verify.NewEndpoint(verify.Definition{
		Vendor:   "acme",
		Verifier: v,
		Decode:   func(_ http.Header, body []byte) (*event.Event, error) { return decodeBadge(body) },
		Config:   c,
	})
}

func decodeBadge(body []byte) (*event.Event, error) {
	b := new(Badge)
	warnings, err := verify.Unmarshal(body, b)
	if err != nil {
		return nil, err
	}
	e := &event.Event{
		ID: b.ID, Vendor: "acme", Type: event.Unknown, VendorType: b.Kind, Time: b.At,
		User: event.User{ID: b.Holder}, Lock: event.Lock{ID: b.Door},
		Payload: b, Warnings: warnings,
	}
	if b.Kind == "entry" {
		e.Type = event.LockUnlocked
	}
	e.Outcome, e.Severity = e.Type.Outcome(), e.Type.Severity()
	return e, nil
}
