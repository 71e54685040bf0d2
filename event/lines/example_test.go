package lines_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/event/lines"
)

// Every event becomes a line of standard output. A vendor's request succeeds only when
// the line has been written.
func Example() {
	switch err := lines.Prepare(os.Stdout); {
	case errors.Is(err, lines.ErrNullDevice):
		log.Print("events are written to the null device")
	case err != nil:
		log.Fatal(err)
	}
	w := lines.NewWriter(os.Stdout) // safe for concurrent use
	events := event.NewMux()
	events.Handle("lock.*", w.Handler(cloudevent.Append))

	// Encode the event yourself to do something else with the line.
	events.HandleFunc("session.*", func(ctx context.Context, e *event.Event) error {
		line, err := cloudevent.Encode(e)
		if err != nil {
			return err
		}
		if err := w.WriteLine(ctx, line); err != nil {
			return err
		}
		show(line)
		return nil
	})

	for _, e := range []*event.Event{
		{ID: "1", Vendor: "unloc", Type: event.LockUnlocked, Lock: event.Lock{ID: "l-17"}},
		{ID: "2", Vendor: "relock", Type: event.SessionStarted},
	} {
		if err := events.HandleEvent(context.Background(), e); err != nil {
			fmt.Println(err)
		}
	}
	if since, err := w.Failing(); err != nil {
		fmt.Println("not ready since", since, err)
	}
	// Output:
	// {"specversion":"1.0","id":"1","source":"accesshook/unloc","type":"accesshook.lock.unlocked","subject":"l-17","datacontenttype":"application/json","data":{"vendor":"unloc","type":"lock.unlocked","outcome":"unknown","severity":"unknown","lock":{"id":"l-17"}}}
	// {"specversion":"1.0","id":"2","source":"accesshook/relock","type":"accesshook.session.started","datacontenttype":"application/json","data":{"vendor":"relock","type":"session.started","outcome":"unknown","severity":"unknown"}}
	// 225 bytes for the page
}

func show(line []byte) { fmt.Println(len(line), "bytes for the page") }
