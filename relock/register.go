package relock

import "github.com/accesshook/accesshook/event"

// With it event.On refuses other types of this package.
func init() {
	event.RegisterPayloads(
		new(AuthenticationSucceeded), new(AuthenticationFailed), new(DeviceRegistered), new(DeviceRevoked),
		new(SessionCreated), new(SessionEnded), new(SecurityAlert), new(Unknown),
	)
}
