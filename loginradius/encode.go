package loginradius

import (
	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/jsonappend"
	"github.com/accesshook/accesshook/internal/jsonbody"
)

// MarshalJSON returns the whole body, secrets masked. [Decode] reads it back.
func (h Hook) MarshalJSON() ([]byte, error) { return jsonbody.Append(nil, h.body()) }

func init() { jsonappend.Trust(new(Hook)) }

// A body is a Hook as it is sent. It has no method that masks.
type body struct {
	fields
	Data any `json:"Data,omitzero"`
}

type fields Hook

func (h *Hook) body() *body { return &body{fields(*h), h.data()} }

func (h *Hook) data() any {
	typ := typeOf(h.HookName)
	switch {
	case h.Object != nil:
		return h.Object
	case typ == event.AccountEmailRemoved && (h.Profile != nil || h.RemovedEmail != ""),
		typ == event.Unknown && h.RemovedEmail != "":
		return &removal{h.Profile, h.RemovedEmail}
	case h.Profile != nil:
		return h.Profile
	default:
		return nil
	}
}
