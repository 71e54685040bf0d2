package unloc

import (
	"encoding/json"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/jsonappend"
	"github.com/accesshook/accesshook/internal/jsonbody"
)

// An AccessEvent is the payload of every event: somebody used a key on a lock. Any
// field may be missing. Encoded, it is the whole body.
type AccessEvent struct {
	ID      string    `json:"id,omitzero"`      // a UUID by its form; see the package comment
	Action  string    `json:"action,omitzero"`  // "unlocked", "locked", "viewedCode"
	Created time.Time `json:"created,omitzero"` // when it happened, in UTC; maybe long ago

	KeyID    string `json:"keyId,omitzero"`
	LockID   string `json:"lockId,omitzero"`   // opaque: not always a UUID
	LockName string `json:"lockName,omitzero"` // free text of the owner

	// AppUserID is the mobile phone number of the user in E.164 form: personal data.
	// How Unloc writes a user whom the lock's privacy policy makes anonymous is not
	// documented.
	AppUserID event.Text `json:"appUserId,omitzero"`
	UserName  string     `json:"userName,omitzero"` // empty in all of Unloc's examples
	// UserID is what version 1 of Unloc's API called appUserId.
	UserID event.Text `json:"userId,omitzero"`

	// Extra has the members that no field is for, and the values that their field
	// cannot hold, such as a time that cannot be read.
	Extra map[string]json.RawMessage `json:",embed"`
}

// MarshalJSON returns the whole body.
func (p AccessEvent) MarshalJSON() ([]byte, error) { return p.AppendJSON(nil) }

// AppendJSON appends what MarshalJSON returns.
func (p *AccessEvent) AppendJSON(dst []byte) ([]byte, error) { return jsonbody.Append(dst, p) }

func init() {
	jsonappend.Trust(new(AccessEvent))
	event.RegisterPayloads(new(AccessEvent)) // so that event.On refuses other types of this package
}
