package loginradius

import (
	"encoding/json"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/jsonappend"
	"github.com/accesshook/accesshook/internal/jsonbody"
)

// A Hook is the payload of every event: Event.Payload is a *Hook.
//
// It has a Profile, or an Object if the event is about a custom object. Members that
// have no field, and values that cannot be converted to their field's type, may be
// secrets: only Event.Raw has them. Extra is the exception.
type Hook struct {
	// HookName is LoginRadius's name of the event, as it was sent: "login".
	HookName string `json:"HookName,omitzero"`
	// Time is when the hook was triggered.
	Time time.Time `json:"Time,omitzero"`
	// HookID is a UUID. LoginRadius's page calls it both the ID of the triggered
	// hook and that of the webhook, so do not take it for unique.
	HookID string `json:"HookId,omitzero"`
	// Profile is the account that the event is about, as it is after the event.
	// It is nil for custom objects, and if none came.
	Profile *Profile `json:"-"`
	// RemovedEmail is the address that removeemail is about. PII.
	RemovedEmail string `json:"-"`
	// Object is the custom object that the event is about, else nil.
	Object *CustomObject `json:"-"`
	// Extra has what came as HookName, Time or HookId and could not be converted, such
	// as a time in a form that only [Config].TimeLayouts can tell. It has no objects and
	// arrays.
	Extra map[string]json.RawMessage `json:",embed" accesshook:"misfits"`
}

// A CustomObject is a record that LoginRadius's customer keeps beside an
// account.
type CustomObject struct {
	ID       string `json:"Id,omitzero"`
	UID      string `json:"Uid,omitzero"` // the account
	IsActive bool   `json:"IsActive,omitzero"`
	// IsDeleted has been seen false in the very event that says that an object
	// was deleted: go by the event's name.
	IsDeleted    bool      `json:"IsDeleted,omitzero"`
	DateCreated  time.Time `json:"DateCreated,omitzero"`
	DateModified time.Time `json:"DateModified,omitzero"`
	// CustomObject is any JSON, without white space; nil for null. It is encoded
	// as it is, so do not keep secrets in it. PII.
	CustomObject json.RawMessage `json:"CustomObject,omitzero"`
}

// MarshalJSON returns the whole body, secrets masked. [Decode] reads it back.
func (h Hook) MarshalJSON() ([]byte, error) { return h.AppendJSON(nil) }

// AppendJSON appends what MarshalJSON returns.
func (h *Hook) AppendJSON(dst []byte) ([]byte, error) { return jsonbody.Append(dst, h.body()) }

func init() {
	event.RegisterPayloads(new(Hook))
	jsonappend.Trust(new(Hook))
}

// A body is a Hook as it is sent. It has no method that masks.
type body struct {
	fields
	Data any `json:"Data,omitzero"`
}

type fields Hook

func (h *Hook) body() *body { return &body{fields(*h), h.data()} }

// data is what readData takes.
func (h *Hook) data() any {
	typ := typeOf(h.HookName)
	switch {
	case h.Object != nil:
		return h.Object
	case typ == event.AccountEmailRemoved && (h.Profile != nil || h.RemovedEmail != ""),
		typ == event.Unknown && h.RemovedEmail != "":
		return &removal{UserProfile: h.Profile, RemovedEmail: h.RemovedEmail}
	case h.Profile != nil:
		return h.Profile
	default:
		return nil
	}
}
