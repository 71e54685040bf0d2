package unloc

import (
	"encoding/json"
	"time"

	"github.com/accesshook/accesshook/event"
)

// An AccessEvent is what Unloc sends: somebody used a key on a lock.
type AccessEvent struct {
	ID      string    `json:"id,omitzero"`      // a UUID by its form; see the package comment
	Action  string    `json:"action,omitzero"`  // "unlocked", "locked", "viewedCode"
	Created time.Time `json:"created,omitzero"` // when it happened, in UTC; maybe long ago

	KeyID    string `json:"keyId,omitzero"`
	LockID   string `json:"lockId,omitzero"`   // opaque: not always a UUID
	LockName string `json:"lockName,omitzero"` // free text of the owner

	// AppUserID is the mobile phone number of the user in E.164 form, so
	// personal data. How Unloc writes a user whom the lock's privacy policy
	// makes anonymous is not documented.
	AppUserID event.Text `json:"appUserId,omitzero"`
	UserName  string     `json:"userName,omitzero"` // empty in all of Unloc's examples
	// UserID is what version 1 of Unloc's API called appUserId.
	UserID event.Text `json:"userId,omitzero"`

	// Extra has the members that this version does not know.
	Extra map[string]json.RawMessage `json:",embed"`
}
