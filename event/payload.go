package event

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// payloads has the registered payload types, by the path of their package.
var payloads = struct {
	mu        sync.Mutex
	byPackage map[string][]reflect.Type
}{byPackage: make(map[string][]reflect.Type)}

// RegisterPayloads tells [On] which structs of a vendor package become
// Event.Payload, by a pointer to each. On then panics for any other type of that
// package, such as one that is only a part of a payload, since its callback would
// never be called. A vendor package calls it in an init function.
//
// It panics if a value is not a pointer to a named type that is no pointer.
func RegisterPayloads(ps ...any) {
	payloads.mu.Lock()
	defer payloads.mu.Unlock()
	for _, p := range ps {
		t := reflect.TypeOf(p)
		if t == nil || t.Kind() != reflect.Pointer || t.Elem().PkgPath() == "" {
			panic(fmt.Sprintf("event: RegisterPayloads: %T is not a pointer to a payload's struct", p))
		}
		path := t.Elem().PkgPath()
		if known := payloads.byPackage[path]; !slices.Contains(known, t.Elem()) {
			payloads.byPackage[path] = append(known, t.Elem())
		}
	}
}

// checkPayload panics if no payload is a *t.
func checkPayload(t reflect.Type) {
	if t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface || t.PkgPath() == reflect.TypeFor[Event]().PkgPath() {
		panic(fmt.Sprintf("event: no payload is a *%s: want a pointer to a payload's struct, such as *relock.SecurityAlert", t))
	}
	payloads.mu.Lock()
	defer payloads.mu.Unlock()
	known := payloads.byPackage[t.PkgPath()]
	if len(known) > 0 && !slices.Contains(known, t) {
		panic(fmt.Sprintf("event: no payload is a *%s: want %s", t, enumerate(known)))
	}
}

// enumerate returns "*a.B, *a.C or *a.D".
func enumerate(types []reflect.Type) string {
	var names []string
	for _, t := range types {
		names = append(names, "*"+t.String())
	}
	slices.Sort(names)
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
