package loginradius

import (
	"encoding/json"
	"time"
)

// A Hook is the payload of every event: Event.Payload is a *Hook.
//
// It has a Profile, or an Object if the event is about a custom object. Members
// of the body that have no field here or in what a Hook points to are not kept,
// since they may be secrets; Event.Raw has them.
type Hook struct {
	// HookName is LoginRadius's name of the event, as it was sent: "login".
	HookName string `json:"HookName,omitzero"`
	// Time is when the hook was triggered.
	Time time.Time `json:"Time,omitzero"`
	// HookID is a UUID. LoginRadius's page calls it both the ID of the triggered
	// hook and that of the webhook, so do not take it for unique.
	HookID string `json:"HookId,omitzero"`
	// Profile is the account that the event is about, as it is after the event.
	// It is nil for custom objects, and if no profile came.
	Profile *Profile `json:"-"`
	// RemovedEmail is the address that removeemail is about. PII.
	RemovedEmail string `json:"-"`
	// Object is the custom object that the event is about, else nil.
	Object *CustomObject `json:"-"`
	// Extra has what came as HookName, Time or HookId and could not be read, such as
	// a time in a form of the account's own: see [Config].TimeLayouts.
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
	// as it is: do not keep secrets in it. PII.
	CustomObject json.RawMessage `json:"CustomObject,omitzero"`
}
