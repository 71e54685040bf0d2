package userlock

import "github.com/accesshook/accesshook/event"

// With it event.On refuses other types of this package.
func init() { event.RegisterPayloads(new(Notification)) }
