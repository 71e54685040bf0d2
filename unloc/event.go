package unloc

import (
	"fmt"
	"strings"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/eventid"
	"github.com/accesshook/accesshook/internal/jsonbody"
)

// actions is Unloc's list of actions. Three comparisons take less time than a look into
// a map.
var actions = [...]struct {
	name string
	typ  event.Type
}{
	{"unlocked", event.LockUnlocked},
	{"locked", event.LockLocked},
	{"viewedCode", event.LockCodeViewed},
}

// typeOf takes an action in any letter case. One that is not in the list is Unknown.
func typeOf(action string) event.Type {
	for i := range actions {
		if a := actions[i].name; a == action || strings.EqualFold(a, strings.TrimSpace(action)) {
			return actions[i].typ
		}
	}
	return event.Unknown
}

// Decode turns a body of Unloc's into an event with an [*AccessEvent]. It verifies
// nothing. The package comment says how Event.ID is made.
//
// User.ID is the payload's AppUserID, or UserID if that is empty. User.Phone is the
// same if it has the form of a phone number: '+' and up to 15 digits. What stands for
// an anonymous user is no number to call.
//
// A body that is not a JSON object is an error. Everything else becomes an event, with
// warnings for what was converted or did not fit; see [verify.Unmarshal].
func Decode(body []byte) (*event.Event, error) {
	r, err := jsonbody.Open(body)
	if err != nil {
		return nil, fmt.Errorf("unloc: %w", err)
	}
	defer r.Close()
	both := new(struct { // one piece of memory
		event   event.Event
		payload AccessEvent
	})
	e, p := &both.event, &both.payload
	r.Read(p)
	if p.ID == "" && p.Action == "" {
		r.Warn(0, "id and action", "neither")
	}
	e.ID = p.ID
	if !usableID(p.ID) {
		e.ID = eventid.Of(body)
	}
	e.Vendor, e.Source = Vendor, Vendor
	e.Type, e.VendorType = typeOf(p.Action), p.Action
	e.Outcome, e.Severity = e.Type.Outcome(), e.Type.Severity()
	e.Time = p.Created
	e.User.ID, e.User.FullName = p.user(), p.UserName
	if isPhone(e.User.ID) {
		e.User.Phone = e.User.ID
	}
	e.Lock = event.Lock{ID: p.LockID, Name: p.LockName, KeyID: p.KeyID}
	e.Payload, e.Warnings = p, r.Warnings()
	return e, nil
}

func (p *AccessEvent) user() string {
	if p.AppUserID != "" {
		return string(p.AppUserID)
	}
	return string(p.UserID)
}

// maxPhone is how many digits E.164 allows.
const maxPhone = 15

func isPhone(s string) bool {
	if len(s) < 2 || len(s) > 1+maxPhone || s[0] != '+' {
		return false
	}
	for _, c := range []byte(s[1:]) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// EventTypes returns what each of Unloc's actions is in the shared vocabulary.
// Actions that are not in it are [event.Unknown].
func EventTypes() map[string]event.Type {
	types := make(map[string]event.Type, len(actions))
	for _, a := range actions {
		types[a.name] = a.typ
	}
	return types
}
