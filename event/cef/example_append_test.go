package cef_test

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cef"
)

// One event is one line.
func ExampleAppend() {
	line, err := cef.Append(nil, &event.Event{
		ID: "55f0b9", Vendor: "userlock", Source: "userlock", Type: event.AuthenticationFailed, VendorType: "4",
		Time: time.UnixMilli(1778747467250), Outcome: event.OutcomeFailure, Severity: event.SeverityMedium, Reason: "denied_by_userlock",
		User: event.User{Name: "aokoye", Domain: "EXAMPLE"}, Device: event.Device{Name: "DESK-21"},
		Client: event.Client{Address: netip.MustParseAddr("192.0.2.21")},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(line))
	// Output:
	// CEF:0|IS Decisions|UserLock|unknown|authentication.failed|Authentication failed|5|cat=authentication act=failed rt=1778747467250 outcome=failure reason=denied_by_userlock externalId=55f0b9 accesshookSource=userlock suser=aokoye sntdom=EXAMPLE duser=aokoye dntdom=EXAMPLE src=192.0.2.21 dhost=DESK-21 cs6=4 cs6Label=vendorType msg=A logon of EXAMPLE\\aokoye to DESK-21 from 192.0.2.21 was refused: denied by UserLock.
}
