package userlock

import (
	"fmt"
	"slices"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/credential"
	"github.com/accesshook/accesshook/internal/timestamp"
	"github.com/accesshook/accesshook/verify"
)

// Vendor is Event.Vendor of UserLock's events.
const Vendor = "userlock"

// Config says how UserLock's notifications are received.
type Config struct {
	// IDs are the UserLock IDs of the servers: GUIDs, with or without braces and
	// hyphens, in any letter case. The primary and the backup server have one each.
	// All of them belong to one owner. Required.
	IDs []event.Secret
	// Aliases adds names of JSON fields. The key is a name as it arrives, the value a
	// field of Notification, such as "UserAccount". An alias wins over the names that
	// are known. Keys with equal letters and digits must stand for the same field.
	Aliases map[string]string
	// Location is the time zone of times without one. Nil: UTC. A time that its clocks
	// show twice or never, when they are changed, adds a warning.
	Location *time.Location
	// TimeLayouts are layouts of package time, such as "02/01/2006 15:04:05", for times
	// in other forms than [verify.Unmarshal] reads. They are tried first, in this order.
	TimeLayouts []string
	// Endpoint is what the endpoints of all vendors share.
	Endpoint verify.Config
}

// New returns an endpoint for UserLock's notifications. The error names the field that
// is wrong.
func New(c Config) (*verify.Endpoint, error) {
	v, err := newVerifier("Config.IDs", c.IDs)
	if err != nil {
		return nil, err
	}
	for i, layout := range c.TimeLayouts {
		if err := timestamp.CheckLayout(layout); err != nil {
			return nil, fmt.Errorf("userlock: Config.TimeLayouts[%d]: %w", i, err)
		}
	}
	d := &decoder{names: known, times: timestamp.Format{Zone: c.Location, Layouts: slices.Clone(c.TimeLayouts)}}
	if len(c.Aliases) > 0 {
		if d.names, err = known.with(c.Aliases); err != nil {
			return nil, err
		}
	}
	return verify.NewEndpoint(verify.Definition{
		Vendor:   Vendor,
		Verifier: v,
		Decode:   d.decode,
		OneWalk:  d.walk,
		Config:   c.Endpoint,
	})
}

// NewVerifier returns a verifier for notifications with any of the IDs, for
// [verify.Endpoint.SetVerifier] or for use on its own.
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
	v, err := verify.NewBodyID(verify.BodyIDConfig{IDs: ids, Normalize: normalizeID[[]byte], Mask: maskID})
	if err != nil {
		return nil, fmt.Errorf("userlock: %w", err)
	}
	return v, nil
}
