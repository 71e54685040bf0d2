// Package onewalk lets a vendor package of this module decode a body in the walk
// that verified it. Vendors elsewhere get the same, with one copy of the body more,
// from verify.BodyVerifier and Definition.Decode.
package onewalk

import (
	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/jsonbody"
)

// A Decode turns a verified body into an event. r stands at its beginning and has
// marked the credentials that are values of the top-level object. Others are masked.
// It must not keep r.
type Decode func(r *jsonbody.Reader) *event.Event
