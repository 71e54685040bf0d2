package loginradius

import (
	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/jsonappend"
	"github.com/accesshook/accesshook/internal/jsonbody"
)

// MarshalJSON returns the whole body, secrets masked. [Decode] reads it back.
func (h Hook) MarshalJSON() ([]byte, error) { return jsonbody.Marshal(h.wire()) }

func init() { jsonappend.Trust(new(Hook)) }

// wire returns the body. Unlike a Hook it has no method that masks.
func (h *Hook) wire() wire {
	return wire{HookName: h.HookName, Time: h.Time, HookID: h.HookID, Data: h.data()}
}

func (h *Hook) data() any {
	type removed struct {
		UserProfile  *Profile `json:"UserProfile,omitzero"`
		RemovedEmail string   `json:"RemovedEmail,omitzero"`
	}
	typ := typeOf(h.HookName)
	switch {
	case h.Object != nil:
		return h.Object
	case typ == event.AccountEmailRemoved && (h.Profile != nil || h.RemovedEmail != ""),
		typ == event.Unknown && h.RemovedEmail != "":
		return removed{h.Profile, h.RemovedEmail}
	case h.Profile != nil:
		return h.Profile
	default:
		return nil
	}
}
