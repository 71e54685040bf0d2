package relock

import (
	"encoding/json"

	"github.com/accesshook/accesshook/internal/jsonappend"
	"github.com/accesshook/accesshook/internal/jsonbody"
)

// The payloads are encoded as the body that they came in: event and data.

type body[T any] struct {
	Event string                     `json:"event"`
	Data  T                          `json:"data"`
	Extra map[string]json.RawMessage `json:",embed"`
}

func encode[T any](name string, data T, extra map[string]json.RawMessage) ([]byte, error) {
	return jsonbody.Marshal(body[T]{Event: name, Data: data, Extra: extra})
}

// MarshalJSON returns the whole body.
func (p AuthenticationSucceeded) MarshalJSON() ([]byte, error) {
	type data AuthenticationSucceeded
	return encode("authentication.success", data(p), p.Envelope)
}

// MarshalJSON returns the whole body.
func (p AuthenticationFailed) MarshalJSON() ([]byte, error) {
	type data AuthenticationFailed
	return encode("authentication.failed", data(p), p.Envelope)
}

// MarshalJSON returns the whole body.
func (p DeviceRegistered) MarshalJSON() ([]byte, error) {
	type data DeviceRegistered
	return encode("device.registered", data(p), p.Envelope)
}

// MarshalJSON returns the whole body.
func (p DeviceRevoked) MarshalJSON() ([]byte, error) {
	type data DeviceRevoked
	return encode("device.revoked", data(p), p.Envelope)
}

// MarshalJSON returns the whole body.
func (p SessionCreated) MarshalJSON() ([]byte, error) {
	type data SessionCreated
	return encode("session.created", data(p), p.Envelope)
}

// MarshalJSON returns the whole body.
func (p SessionEnded) MarshalJSON() ([]byte, error) {
	type data SessionEnded
	return encode("session.ended", data(p), p.Envelope)
}

// MarshalJSON returns the whole body.
func (p SecurityAlert) MarshalJSON() ([]byte, error) {
	type data SecurityAlert
	return encode("security.alert", data(p), p.Envelope)
}

// MarshalJSON returns the whole body.
func (p Unknown) MarshalJSON() ([]byte, error) {
	type data Unknown
	return encode(p.Event, data(p), p.Envelope)
}

func init() {
	jsonappend.Trust(
		new(AuthenticationSucceeded), new(AuthenticationFailed), new(DeviceRegistered), new(DeviceRevoked),
		new(SessionCreated), new(SessionEnded), new(SecurityAlert), new(Unknown),
	)
}
