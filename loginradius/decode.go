package loginradius

import (
	"fmt"
	"strings"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/country"
	"github.com/accesshook/accesshook/internal/eventid"
	"github.com/accesshook/accesshook/internal/jsonbody"
	"github.com/accesshook/accesshook/internal/timestamp"
)

// Decode turns a body of LoginRadius's into an event with a [*Hook] as its
// payload. It does not verify anything. Event.ID is the lower-case hex SHA-256
// of body.
//
// Names match in any letter case. An unknown event, unknown members and members of
// other types than documented are no errors: see [verify.Unmarshal]. A body that is
// no JSON object is one.
func Decode(body []byte) (*event.Event, error) { return decoder{}.decode(body) }

// A decoder is what a Config says about decoding.
type decoder struct{ times timestamp.Format }

func (d decoder) decode(body []byte) (*event.Event, error) {
	r, err := jsonbody.Open(body)
	if err != nil {
		return nil, fmt.Errorf("loginradius: %w", err)
	}
	defer r.Close()
	r.SetTimes(d.times)
	all := new(struct { // in one piece of memory
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
	if all.body.Data != 0 {
		h.take(r, typ, all.body.Data, &all.profile)
	} else if h.HookName == "" {
		r.Warn(0, "HookName and Data", "neither")
	}
	e.ID = eventid.Of(body)
	e.Vendor, e.Source = Vendor, Vendor
	e.Type, e.VendorType = typ, h.HookName
	e.Time = h.Time
	e.Outcome, e.Severity = typ.Outcome(), typ.Severity()
	e.Payload, e.Warnings = h, r.Warnings()
	h.describe(e)
	return e, nil
}

// A shape is by what Data of an unknown event is told. It has members that every
// sample of a kind has.
type shape struct {
	UID          jsonbody.Place `json:"Uid"`
	ProviderID   jsonbody.Place `json:"ID"`
	Email        jsonbody.Place `json:"Email"`
	ID           jsonbody.Place `json:"Id"`
	CustomObject jsonbody.Place `json:"CustomObject"`
	UserProfile  jsonbody.Place `json:"UserProfile"`
	RemovedEmail jsonbody.Place `json:"RemovedEmail"`
}

func (s *shape) profile() bool { return s.UID != 0 || s.ProviderID != 0 || s.Email != 0 }

// A removal is what removeemail has in place of a profile.
type removal struct {
	UserProfile  *Profile `json:"UserProfile,omitzero"`
	RemovedEmail string   `json:"RemovedEmail,omitzero"`
}

// take reads Data. The name of a known event says what it is.
func (h *Hook) take(r *jsonbody.Reader, typ event.Type, data jsonbody.Place, profile *Profile) {
	read := func(v any) {
		r.Back(data)
		r.Read(v)
	}
	var s *shape
	switch typ {
	case event.ObjectCreated, event.ObjectUpdated, event.ObjectDeleted:
		s = &shape{CustomObject: data}
	case event.Unknown, event.AccountEmailRemoved:
		s = new(shape)
		read(s)
	default:
		h.Profile = profile
		read(profile)
		return
	}
	switch {
	case typ == event.AccountEmailRemoved && s.UserProfile == 0 && s.RemovedEmail == 0:
		h.Profile = profile // as in all other events
		read(profile)
	case s.UserProfile != 0 || s.RemovedEmail != 0:
		var removed removal
		read(&removed)
		h.Profile, h.RemovedEmail = removed.UserProfile, removed.RemovedEmail
		if h.Profile == nil && s.profile() {
			h.Profile = profile
			read(profile)
		}
	case s.CustomObject != 0 && s.ProviderID == 0 && s.Email == 0:
		h.Object = new(CustomObject)
		read(h.Object)
	case s.profile():
		h.Profile = profile
		read(profile)
	}
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
