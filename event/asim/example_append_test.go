package asim_test

import (
	"errors"
	"fmt"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/asim"
)

func ExampleAppend() {
	for _, e := range []*event.Event{
		{ID: "id-1", Vendor: "relock", Type: event.AuthenticationSucceeded, Outcome: event.OutcomeSuccess},
		{ID: "id-2", Vendor: "unloc", Type: event.LockUnlocked, Outcome: event.OutcomeSuccess},
	} {
		record, err := asim.Append(nil, e)
		if errors.Is(err, asim.ErrNotAuthentication) {
			continue // a door
		}
		fmt.Println(string(record))
	}
	// Output:
	// {"EventCount":1,"EventSchema":"Authentication","EventSchemaVersion":"0.1.3","EventType":"Logon","EventResult":"Success","EventOriginalUid":"id-1","EventMessage":"Somebody authenticated.","EventVendor":"Relock","EventProduct":"Relock","Dvc":"Relock","AdditionalFields":{"type":"authentication.succeeded"}}
}
