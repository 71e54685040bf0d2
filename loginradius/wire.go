package loginradius

import (
	"encoding/json"
	"time"

	"github.com/accesshook/accesshook/internal/jsonbody"
)

// A wire is the body that is sent.
type wire struct {
	HookName string    `json:"HookName,omitzero"`
	Time     time.Time `json:"Time,omitzero"`
	HookID   string    `json:"HookId,omitzero"`
	Data     any       `json:"Data,omitzero"`
}

// data is all that Data may be, so that one pass over the body is enough: the
// members of a body have no fixed order, and HookName may be the last.
type data struct {
	Profile // has the Uid, IsActive and IsDeleted of a custom object, too

	// The rest of a custom object.
	objectID     string
	dateCreated  time.Time
	dateModified time.Time
	customObject json.RawMessage

	// What removeemail has instead of a profile.
	userProfile  *Profile
	removedEmail string
}

// read reads Data, and reports whether it is an object.
func (d *data) read(r *jsonbody.Reader) bool {
	if !r.Object() {
		return false
	}
	for r.Next() {
		switch r.Name() {
		case "Id":
			d.objectID = r.String()
		case "DateCreated":
			d.dateCreated = instant(r)
		case "DateModified":
			d.dateModified = instant(r)
		case "CustomObject":
			d.customObject = r.Raw()
		case "UserProfile":
			d.userProfile = nil
			if !jsonbody.Fits[Profile](r) {
				continue
			}
			if p := new(Profile); p.read(r) {
				d.userProfile = p
			}
		case "RemovedEmail":
			d.removedEmail = r.String()
		default:
			d.Profile.member(r)
		}
	}
	return true
}

func (d *data) object() *CustomObject {
	return &CustomObject{
		ID: d.objectID, UID: d.UID,
		IsActive: d.IsActive, IsDeleted: d.IsDeleted,
		DateCreated: d.dateCreated, DateModified: d.dateModified,
		CustomObject: d.customObject,
	}
}
