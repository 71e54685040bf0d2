package relock

import (
	"encoding/json"

	"github.com/accesshook/accesshook/internal/jsonbody"
)

// Payloads are encoded as the body that they came in, so that Decode reads them.

// MarshalJSON returns the whole body.
func (p AuthenticationSucceeded) MarshalJSON() ([]byte, error) { return p.AppendJSON(nil) }

// AppendJSON appends what MarshalJSON returns.
func (p *AuthenticationSucceeded) AppendJSON(dst []byte) ([]byte, error) {
	return appendBody(dst, "authentication.success", p)
}

// MarshalJSON returns the whole body.
func (p AuthenticationFailed) MarshalJSON() ([]byte, error) { return p.AppendJSON(nil) }

// AppendJSON appends what MarshalJSON returns.
func (p *AuthenticationFailed) AppendJSON(dst []byte) ([]byte, error) {
	return appendBody(dst, "authentication.failed", p)
}

// MarshalJSON returns the whole body.
func (p DeviceRegistered) MarshalJSON() ([]byte, error) { return p.AppendJSON(nil) }

// AppendJSON appends what MarshalJSON returns.
func (p *DeviceRegistered) AppendJSON(dst []byte) ([]byte, error) {
	return appendBody(dst, "device.registered", p)
}

// MarshalJSON returns the whole body.
func (p DeviceRevoked) MarshalJSON() ([]byte, error) { return p.AppendJSON(nil) }

// AppendJSON appends what MarshalJSON returns.
func (p *DeviceRevoked) AppendJSON(dst []byte) ([]byte, error) {
	return appendBody(dst, "device.revoked", p)
}

// MarshalJSON returns the whole body.
func (p SessionCreated) MarshalJSON() ([]byte, error) { return p.AppendJSON(nil) }

// AppendJSON appends what MarshalJSON returns.
func (p *SessionCreated) AppendJSON(dst []byte) ([]byte, error) {
	return appendBody(dst, "session.created", p)
}

// MarshalJSON returns the whole body.
func (p SessionEnded) MarshalJSON() ([]byte, error) { return p.AppendJSON(nil) }

// AppendJSON appends what MarshalJSON returns.
func (p *SessionEnded) AppendJSON(dst []byte) ([]byte, error) {
	return appendBody(dst, "session.ended", p)
}

// MarshalJSON returns the whole body.
func (p SecurityAlert) MarshalJSON() ([]byte, error) { return p.AppendJSON(nil) }

// AppendJSON appends what MarshalJSON returns.
func (p *SecurityAlert) AppendJSON(dst []byte) ([]byte, error) {
	return appendBody(dst, "security.alert", p)
}

// MarshalJSON returns the whole body.
func (p Unknown) MarshalJSON() ([]byte, error) { return p.AppendJSON(nil) }

// AppendJSON appends what MarshalJSON returns.
func (p *Unknown) AppendJSON(dst []byte) ([]byte, error) {
	return appendBody(dst, p.Event, p)
}

func appendBody(dst []byte, name string, p payload) ([]byte, error) {
	rest := p.rest()
	body := struct {
		Event string                     `json:"event,omitzero"`
		Data  any                        `json:"data,omitzero"`
		Extra map[string]json.RawMessage `json:",embed"`
	}{name, p, rest.Envelope}
	if _, ok := rest.Envelope["data"]; ok {
		body.Data = nil // no object came
	}
	return jsonbody.Append(dst, &body)
}
