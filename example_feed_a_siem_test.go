package accesshook_test

import (
	"context"
	"log"
	"os"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/ecs"
	"github.com/accesshook/accesshook/event/lines"
)

// Every event becomes a line of standard output: a document of the Elastic Common Schema
// here. A log shipper reads it from there. An endpoint calls the callbacks, as in the
// first example.
func Example_feedASIEM() {
	events := event.NewMux()
	events.Handle("*", lines.NewWriter(os.Stdout).Handler(ecs.Append)) // or ocsf.Append, cef.Append, cloudevent.Append

	err := events.HandleEvent(context.Background(), &event.Event{
		ID: "7c1d", Vendor: "unloc", Type: event.LockUnlocked, VendorType: "unlocked",
		Time:    time.Date(2026, 5, 14, 8, 31, 7, 0, time.UTC),
		Outcome: event.OutcomeSuccess, Severity: event.SeverityInfo,
		User: event.User{FullName: "Kari Moen"},
		Lock: event.Lock{ID: "l-17", Name: "Front door"},
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// {"@timestamp":"2026-05-14T08:31:07Z","ecs":{"version":"9.4.0"},"message":"Kari Moen unlocked Front door.","event":{"id":"7c1d","kind":"event","type":["access"],"action":"lock.unlocked","outcome":"success","code":"unlocked","severity":1,"module":"unloc","dataset":"unloc.event","provider":"Unloc"},"user":{"full_name":"Kari Moen"},"observer":{"vendor":"Unloc","product":"Unloc"},"labels":{"lock_id":"l-17","lock_name":"Front door"},"accesshook":{"type":"lock.unlocked"}}
}
