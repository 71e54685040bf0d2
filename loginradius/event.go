package loginradius

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/country"
	"github.com/accesshook/accesshook/internal/eventid"
	"github.com/accesshook/accesshook/internal/jsonbody"
	"github.com/accesshook/accesshook/internal/timestamp"
)

// Decode returns the event in a body of LoginRadius's. Its Payload is a [*Hook], and
// its ID the lower-case hex SHA-256 of body. Decode verifies nothing: that is what
// [New] is for.
//
// An unknown event, unknown members and values of other types than documented are no
// errors: see [verify.Unmarshal] for how they are read. A body that is no JSON object
// is one.
func Decode(body []byte) (*event.Event, error) { return decoder{}.decode(body) }

// A decoder is what a Config says about decoding.
type decoder struct{ times timestamp.Format }

// maxRoom is how many bytes of memory the elements of all arrays may take: thirty
// identities with all that one can have, or a hundred with less.
const maxRoom = 256 << 10

func (d decoder) decode(body []byte) (*event.Event, error) {
	r, err := jsonbody.Open(body)
	if err != nil {
		return nil, fmt.Errorf("loginradius: %w", err)
	}
	defer r.Close()
	r.SetTimes(d.times)
	r.SetRoom(maxRoom)
	r.Grow(eventid.Size)
	all := new(struct { // allocated together
		event event.Event
		body  struct {
			Hook
			Data jsonbody.Place `json:"Data"`
		}
		profile Profile
	})
	e, h := &all.event, &all.body.Hook
	r.Read(&all.body)
	typ := typeOf(h.HookName)
	switch {
	case all.body.Data != 0:
		r.Back(all.body.Data)
		h.readData(r, typ, &all.profile)
	case h.HookName == "":
		r.Warn(0, "HookName and Data", "neither")
	}
	var id [eventid.Size]byte
	e.ID = r.String(eventid.Append(id[:0], body))
	e.Vendor, e.Source = Vendor, Vendor
	e.Type, e.VendorType = typ, h.HookName
	e.Time = h.Time
	e.Outcome, e.Severity = typ.Outcome(), typ.Severity()
	e.Payload, e.Warnings = h, r.Warnings()
	h.describe(e)
	return e, nil
}

// readData takes Data, which is what the event's name says, or else what it looks like.
func (h *Hook) readData(r *jsonbody.Reader, typ event.Type, profile *Profile) {
	switch typ {
	case event.ObjectCreated, event.ObjectUpdated, event.ObjectDeleted:
		h.Object = new(CustomObject)
		r.Read(h.Object)
	case event.AccountEmailRemoved:
		h.readRemoval(r)
	case event.Unknown:
		if looksLikeObject(r) {
			h.Object = new(CustomObject)
			r.Read(h.Object)
		} else {
			h.readRemoval(r)
		}
	default:
		h.Profile = profile
		r.Read(profile)
	}
}

// A removal is the Data of removeemail. A profile has been seen in its place.
type removal struct {
	UserProfile  *Profile `json:"UserProfile,omitzero"`
	RemovedEmail string   `json:"RemovedEmail,omitzero"`
	Profile
}

func (h *Hook) readRemoval(r *jsonbody.Reader) {
	var data removal
	r.Read(&data)
	h.RemovedEmail = data.RemovedEmail
	for _, p := range []*Profile{data.UserProfile, &data.Profile} {
		if h.Profile == nil && p != nil && !reflect.ValueOf(p).Elem().IsZero() {
			h.Profile = p
		}
	}
}

// looksLikeObject goes by what samples of custom objects have, and those of profiles
// have not.
func looksLikeObject(r *jsonbody.Reader) bool {
	var has struct {
		CustomObject jsonbody.Place `json:"CustomObject"`
		ID           jsonbody.Place `json:"Id"`
		ProviderID   jsonbody.Place `json:"ID"`
		Email        jsonbody.Place `json:"Email"`
		UserProfile  jsonbody.Place `json:"UserProfile"`
		RemovedEmail jsonbody.Place `json:"RemovedEmail"`
	}
	r.Look(&has)
	return has.CustomObject != 0 && has.ProviderID+has.Email+has.UserProfile+has.RemovedEmail == 0
}

// describe fills in what the event says about a person. Whether an account was
// deleted is never taken from its flags.
func (h *Hook) describe(e *event.Event) {
	if o := h.Object; o != nil {
		e.User.ID = o.UID
	}
	if p := h.Profile; p != nil {
		e.User = event.User{
			ID: p.UID, Name: p.UserName, FullName: p.FullName, Email: primary(p.Email), Phone: p.PhoneID,
		}
		e.Location = event.Location{
			Country: p.LocalCountry, CountryCode: country.Code(p.LocalCountry), City: p.LocalCity,
		}
	}
}

// primary returns the primary address, or the only one.
func primary(addresses []Email) string {
	for _, a := range addresses {
		if strings.EqualFold(a.Type, "primary") {
			return a.Value
		}
	}
	if len(addresses) == 1 && addresses[0].Type == "" {
		return addresses[0].Value
	}
	return ""
}
