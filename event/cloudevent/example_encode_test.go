package cloudevent_test

import (
	"fmt"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
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
