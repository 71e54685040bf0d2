package cloudevent_test

import (
	"fmt"

	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/relock"
)

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
