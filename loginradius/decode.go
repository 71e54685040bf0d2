package loginradius

import (
	"fmt"
	"strings"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/convert"
	"github.com/accesshook/accesshook/internal/jsonbody"
)

// Decode turns a body of LoginRadius's into an event with a [*Hook] as its
// payload. It does not verify anything. Event.ID is the lower-case hex SHA-256
// of body.
//
// An unknown event, unknown members and members of other types than documented
// are no errors; a body that is not a JSON object is one.
func Decode(body []byte) (*event.Event, error) {
	r, err := jsonbody.NewReader(body)
	if err != nil {
		return nil, fmt.Errorf("loginradius: %w", err)
	}
	all := new(struct { // in one piece of memory
		event event.Event
		hook  Hook
		data  data
	})
	e, h, d := &all.event, &all.hook, &all.data
	sent := false // Data is an object
	if r.Object() {
		for r.Next() {
			switch r.Name() {
			case "HookName":
				h.HookName = r.String()
			case "Time":
				h.Time = instant(r)
			case "HookId":
				h.HookID = r.String()
			case "Data":
				sent = d.read(r)
			default:
				r.Skip()
			}
		}
	}
	typ := typeOf(h.HookName)
	if sent {
		h.take(typ, d)
	}
	e.ID = convert.ID(body)
	e.Vendor, e.Source = Vendor, Vendor
	e.Type, e.VendorType = typ, h.HookName
	e.Time = h.Time
	e.Outcome, e.Severity = typ.Outcome(), typ.Severity()
	e.Payload, e.Warnings = h, r.Warnings()
	h.describe(e)
	return e, nil
}

// take finds what Data is. The name of a known event says so; an unknown one is
// judged by members that every sample has.
func (h *Hook) take(typ event.Type, d *data) {
	switch typ {
	case event.ObjectCreated, event.ObjectUpdated, event.ObjectDeleted:
		h.Object = d.object()
	case event.AccountEmailRemoved:
		h.Profile, h.RemovedEmail = d.userProfile, d.removedEmail
		if h.Profile == nil && (h.RemovedEmail == "" || d.Profile.plausible()) {
			h.Profile = &d.Profile // a profile as in all other events
		}
	case event.Unknown:
		switch {
		case d.customObject != nil && d.ID == "" && d.Email == nil:
			h.Object = d.object()
		case d.removedEmail != "":
			h.Profile, h.RemovedEmail = d.userProfile, d.removedEmail
			if h.Profile == nil && d.Profile.plausible() {
				h.Profile = &d.Profile
			}
		case d.Profile.plausible():
			h.Profile = &d.Profile
		case d.userProfile != nil && d.userProfile.plausible():
			h.Profile = d.userProfile
		}
	default:
		h.Profile = &d.Profile
	}
}

func (p *Profile) plausible() bool { return p.UID != "" || p.ID != "" || p.Email != nil }

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
			Country: p.LocalCountry, CountryCode: convert.CountryCode(p.LocalCountry), City: p.LocalCity,
		}
	}
}

func primary(addresses []Email) string {
	for _, a := range addresses {
		if strings.EqualFold(a.Type, "primary") {
			return a.Value
		}
	}
	return ""
}
