package userlock

import (
	"fmt"
	"net/http"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/credential"
	"github.com/accesshook/accesshook/verify"
)

// Vendor is Event.Vendor of UserLock's events.
const Vendor = "userlock"

// Config says how UserLock's notifications are received.
type Config struct {
	// IDs are the UserLock IDs of the servers: GUIDs, with or without braces and
	// hyphens, in any letter case. The primary and the backup server have one
	// each. Required.
	IDs []event.Secret
	// Aliases adds names of JSON members: the key is a name as it arrives, the
	// value the field of Notification that it stands for ("UserAccount"). It
	// takes precedence over the names that are known. Keys that are equal by
	// letters and digits must stand for the same field.
	Aliases map[string]string
	// Location is the time zone of times without one. Nil: UTC.
	Location *time.Location
	// Endpoint is what the endpoints of all vendors share.
	Endpoint verify.Config
}

// New returns an endpoint for UserLock's notifications. The error names the
// field that is wrong.
func New(c Config) (*verify.Endpoint, error) {
	v, err := newVerifier("Config.IDs", c.IDs)
	if err != nil {
		return nil, err
	}
	d := decoder{names: known, zone: c.Location}
	if d.zone == nil {
		d.zone = time.UTC
	}
	if len(c.Aliases) > 0 {
		if d.names, err = known.with(c.Aliases); err != nil {
			return nil, err
		}
		d.aliased = true
	}
	return verify.NewEndpoint(verify.Definition{
		Vendor:   Vendor,
		Verifier: v,
		Decode:   func(_ http.Header, body []byte) (*event.Event, error) { return d.decode(body) },
		Config:   c.Endpoint,
	})
}

// NewVerifier returns a verifier for notifications that carry any of the IDs, for
// Endpoint.SetVerifier or for use on its own.
func NewVerifier(ids ...event.Secret) (verify.Verifier, error) { return newVerifier("ids", ids) }

// newVerifier calls the IDs field in its errors.
func newVerifier(field string, ids []event.Secret) (verify.Verifier, error) {
	if err := credential.CheckAll("userlock: "+field, ids, 0); err != nil {
		return nil, err
	}
	for i, id := range ids {
		text, _ := id.Reveal()
		if _, ok := normalizeID(nil, text); !ok {
			return nil, fmt.Errorf("userlock: %s[%d] is not a GUID, such as 5f0c8a2e-9d41-4b7e-8c36-1a2b3c4d5e6f, or has only zeros", field, i)
		}
	}
	v, err := verify.NewBodyID(verify.BodyIDConfig{IDs: ids, Normalize: normalizeID, Mask: maskID})
	if err != nil {
		return nil, fmt.Errorf("userlock: %w", err)
	}
	return v, nil
}
