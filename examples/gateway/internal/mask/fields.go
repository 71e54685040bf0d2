package mask

import (
	"encoding/json"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"
)

// A field is what is known about the values of a member.
type field struct {
	harmless bool              // a string or number may stay
	secret   bool              // of some vendor: that counts
	members  map[string]*field // of objects, by names in lower case
	root     bool              // the whole body
}

var unknown = new(field)

// member returns the member of this name, or unknown.
func (f *field) member(name string) *field {
	if m, ok := f.members[strings.ToLower(name)]; ok {
		return m
	}
	if f.root { // UserLock's names are not public
		if known, ok := userlock.FieldOf(name); ok {
			return f.members[strings.ToLower(known)]
		}
	}
	return unknown
}

func (f *field) mayStay() bool { return f.harmless && !f.secret }

// bodies describes the bodies of all vendors as one: an operator may have given one
// vendor the URL of another.
var bodies = sync.OnceValue(func() *field {
	body := &field{root: true}
	body.add(reflect.TypeFor[userlock.Notification]())
	body.at("UserLockId").secret = true
	body.add(reflect.TypeFor[unloc.AccessEvent]())
	body.add(reflect.TypeFor[loginradius.Hook]())
	body.at("event").harmless = true
	data := body.at("data")
	for _, t := range []reflect.Type{
		reflect.TypeFor[relock.AuthenticationSucceeded](), reflect.TypeFor[relock.AuthenticationFailed](),
		reflect.TypeFor[relock.DeviceRegistered](), reflect.TypeFor[relock.DeviceRevoked](),
		reflect.TypeFor[relock.SessionCreated](), reflect.TypeFor[relock.SessionEnded](),
		reflect.TypeFor[relock.SecurityAlert](), reflect.TypeFor[relock.Unknown](),
		reflect.TypeFor[loginradius.Profile](), reflect.TypeFor[loginradius.CustomObject](),
	} {
		data.add(t)
	}
	// The data of removeemail.
	data.at("UserProfile").add(reflect.TypeFor[loginradius.Profile]())
	data.at("RemovedEmail").harmless = true
	return body
})

// at returns the member of this name, and makes it if it is missing.
func (f *field) at(name string) *field {
	if f.members == nil {
		f.members = make(map[string]*field)
	}
	name = strings.ToLower(name)
	if f.members[name] == nil {
		f.members[name] = new(field)
	}
	return f.members[name]
}

// add adds the members of a struct. What can hold anything is not harmless: maps and raw
// JSON.
func (f *field) add(t reflect.Type) {
	for i := range t.NumField() {
		member := t.Field(i)
		name, _, _ := strings.Cut(member.Tag.Get("json"), ",")
		kind := member.Type
		for kind.Kind() == reflect.Pointer || kind.Kind() == reflect.Slice && kind != reflect.TypeFor[json.RawMessage]() {
			kind = kind.Elem()
		}
		switch {
		case !member.IsExported() || name == "-":
		case member.Anonymous && name == "":
			f.add(kind)
		case name == "":
		case kind == reflect.TypeFor[event.Secret](), kind.Kind() == reflect.Map, kind == reflect.TypeFor[json.RawMessage]():
			f.at(name).secret = true
		case kind.Kind() == reflect.Struct && kind != reflect.TypeFor[time.Time]():
			f.at(name).add(kind)
		default:
			f.at(name).harmless = true
		}
	}
}
