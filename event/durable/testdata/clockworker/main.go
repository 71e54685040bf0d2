// Command clockworker stores events in a directory and handles them, for a test that steps
// its clock. It stores an event for each line of its input, which is the ID of the event
// and that of its user, and prints what happens to them. An event called fail-… fails if
// -pause is set, and asks for that pause. One called hang-… takes as long as -hang.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
)

func main() {
	dir := flag.String("dir", "", "")
	order := flag.String("order", "", "")
	pause := flag.Duration("pause", 0, "")
	hang := flag.Duration("hang", 0, "")
	flag.Parse()
	s, err := embedded.Open(context.Background(), embedded.Config{Dir: *dir, Config: durable.Config{
		Payloads: cloudevent.Payloads{"acme": nil}, Order: durable.Order(*order), Shards: 2,
	}})
	if err != nil {
		log.Fatal(err)
	}
	began := time.Now()
	say := func(what string, e *event.Event) {
		fmt.Println(what, e.ID, time.Since(began).Milliseconds())
	}
	handler := event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
		say("began", e)
		defer say("ended", e)
		switch {
		case strings.HasPrefix(e.ID, "fail-") && *pause > 0:
			return event.Unavailable(errors.New("on purpose"), *pause)
		case strings.HasPrefix(e.ID, "hang-"):
			time.Sleep(*hang)
		}
		return nil
	})
	c := durable.Consumer{Workers: 4, Lease: 2 * time.Second, Delay: time.Millisecond, Observe: func(_ context.Context, a durable.Attempt) {
		if a.Result == durable.Handled {
			say("handled", a.Event)
		}
	}}
	go func() { log.Fatal(s.Consumer(c).Run(context.Background(), handler)) }()
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		id, user, _ := strings.Cut(lines.Text(), " ")
		e := &event.Event{ID: id, Vendor: "acme", Type: event.SessionStarted, User: event.User{ID: user}}
		if err := s.HandleEvent(context.Background(), e); err != nil {
			log.Fatal(err)
		}
		say("stored", e)
	}
	select {} // until it is killed
}
