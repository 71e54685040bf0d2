package cef_test

import (
	"fmt"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cef"
)

// Messages stand one behind the other on a connection. The number in front is the length
// of the message.
func ExampleAppendSyslog() {
	message, err := cef.AppendSyslog(nil, &event.Event{
		ID: "55f0b9", Vendor: "unloc", Source: "unloc", Type: event.LockUnlocked, VendorType: "unlocked",
		Time: time.UnixMilli(1778747467250), Outcome: event.OutcomeSuccess, Severity: event.SeverityInfo,
		User: event.User{ID: "+4790001234", FullName: "Kari Moen"}, Lock: event.Lock{ID: "l-7", Name: "Front door"},
	}, "gateway.example.com")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(message))
	// Output:
	// 428 <86>1 2026-05-14T08:31:07.25Z gateway.example.com accesshook - lock.unlocked - CEF:0|Unloc|Unloc|unknown|lock.unlocked|Door unlocked|1|cat=lock act=unlocked rt=1778747467250 outcome=success externalId=55f0b9 accesshookSource=unloc suser=Kari Moen suid=+4790001234 accesshookFullName=Kari Moen deviceExternalId=l-7 cs5=Front door cs5Label=lockName cs6=unlocked cs6Label=vendorType msg=Kari Moen (+4790001234) unlocked Front door.
}
