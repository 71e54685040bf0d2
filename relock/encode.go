package relock

import "github.com/accesshook/accesshook/internal/jsonappend"

// MarshalJSON returns the whole body.
func (p AuthenticationSucceeded) MarshalJSON() ([]byte, error) {
	return encode("authentication.success", &p)
}

// MarshalJSON returns the whole body.
func (p AuthenticationFailed) MarshalJSON() ([]byte, error) {
	return encode("authentication.failed", &p)
}

// MarshalJSON returns the whole body.
func (p DeviceRegistered) MarshalJSON() ([]byte, error) { return encode("device.registered", &p) }

// MarshalJSON returns the whole body.
func (p DeviceRevoked) MarshalJSON() ([]byte, error) { return encode("device.revoked", &p) }

// MarshalJSON returns the whole body.
func (p SessionCreated) MarshalJSON() ([]byte, error) { return encode("session.created", &p) }

// MarshalJSON returns the whole body.
func (p SessionEnded) MarshalJSON() ([]byte, error) { return encode("session.ended", &p) }

// MarshalJSON returns the whole body.
func (p SecurityAlert) MarshalJSON() ([]byte, error) { return encode("security.alert", &p) }

// MarshalJSON returns the whole body.
func (p Unknown) MarshalJSON() ([]byte, error) { return encode(p.Event, &p) }

func init() {
	jsonappend.Trust(
		new(AuthenticationSucceeded), new(AuthenticationFailed), new(DeviceRegistered), new(DeviceRevoked),
		new(SessionCreated), new(SessionEnded), new(SecurityAlert), new(Unknown),
	)
}
