package ocsf_test

import (
	"fmt"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/ocsf"
)

// One event is one line: for a file, or the collector of a SIEM.
func ExampleAppend() {
	line, err := ocsf.Append(nil, &event.Event{
		ID: "55f0b9", Vendor: "unloc", Source: "unloc", Type: event.LockUnlocked, VendorType: "unlocked",
		Time: time.UnixMilli(1778747467250), Outcome: event.OutcomeSuccess, Severity: event.SeverityInfo,
		User: event.User{ID: "+4790001234", FullName: "Kari Moen"}, Lock: event.Lock{ID: "l-7", Name: "Front door"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(line))
	// Output:
	// {"category_uid":3,"category_name":"Identity & Access Management","class_uid":3004,"class_name":"Entity Management","activity_id":99,"activity_name":"Unlock","type_uid":300499,"type_name":"Entity Management: Other","severity_id":1,"severity":"Informational","time":1778747467250,"message":"Kari Moen (+4790001234) unlocked Front door.","status_id":1,"status":"Success","metadata":{"version":"1.8.0","uid":"unloc/unloc/55f0b9","event_code":"unlocked","source":"unloc","type":"lock.unlocked","product":{"name":"Unloc","vendor_name":"Unloc"}},"actor":{"user":{"uid":"+4790001234","full_name":"Kari Moen"}},"entity":{"type_id":99,"type":"Door Lock","uid":"l-7","name":"Front door"},"observables":[{"name":"actor.user.uid","type_id":31,"value":"+4790001234"}]}
}
