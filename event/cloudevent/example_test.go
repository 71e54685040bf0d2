package cloudevent_test

import (
	"fmt"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/relock"
)

// One event is one line: for standard output, a queue, or a SIEM.
func ExampleEncode() {
	line, err := cloudevent.Encode(&event.Event{
		ID: "55f0b9", Vendor: "unloc", Source: "unloc", Type: event.LockUnlocked, Outcome: event.OutcomeSuccess,
		Severity: event.SeverityInfo, Lock: event.Lock{ID: "l-7"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(line))
	// Output:
	// {"specversion":"1.0","id":"55f0b9","source":"accesshook/unloc","type":"accesshook.lock.unlocked","subject":"l-7","datacontenttype":"application/json","data":{"vendor":"unloc","source":"unloc","type":"lock.unlocked","outcome":"success","severity":"info","lock":{"id":"l-7"}}}
}

// Decode gives the event back, with the payload in its own Go type.
func ExampleDecode() {
	line := []byte(`{"specversion":"1.0","id":"55f0b9","source":"accesshook/relock","type":"accesshook.security.alert",` +
		`"data":{"vendor":"relock","type":"security.alert","severity":"high",` +
		`"payload":{"event":"security.alert","data":{"alertType":"impossible_travel"}}}}`)

	e, err := cloudevent.Decode(line, cloudevent.Payloads{"relock": relock.Decode})
	if err != nil {
		fmt.Println(err)
		return
	}
	alert := e.Payload.(*relock.SecurityAlert)
	fmt.Println(e.ID, e.Severity, alert.AlertType)
	// Output: 55f0b9 high impossible_travel
}
