package cloudevent_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
)

// One service sends an event over HTTP to another, which may be written in any language.
func ExampleNewRequest() {
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e, err := cloudevent.DecodeRequest(r, cloudevent.Payloads{}) // with an entry for each vendor
		if err != nil {
			http.Error(w, "no event", http.StatusBadRequest)
			return
		}
		fmt.Println("received", e.ID, e.Type)
	}))
	defer receiver.Close()

	e := &event.Event{ID: "55f0b9", Vendor: "unloc", Type: event.LockUnlocked}
	req, err := cloudevent.NewRequest(context.Background(), receiver.URL, e)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("sending ", req.Header["Ce-Id"], req.Header["Ce-Type"])
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	// Output:
	// sending  [55f0b9] [accesshook.lock.unlocked]
	// received 55f0b9 lock.unlocked
}
