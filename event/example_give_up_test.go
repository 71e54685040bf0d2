package event_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/accesshook/accesshook/event"
)

// An error that trying again cannot help is Permanent: the vendor is answered 200.
func ExamplePermanent() {
	errNoSuchUser := errors.New("no such user")
	block := func(_ context.Context, e *event.Event) error {
		if e.User.ID == "" {
			return event.Permanent(errNoSuchUser) // it will not be there next time either
		}
		return nil
	}
	err := block(context.Background(), &event.Event{Type: event.SecurityAlert})
	fmt.Println(event.IsPermanent(err), errors.Is(err, errNoSuchUser), err)

	// One of several callbacks may succeed next time: the event must come again.
	fmt.Println(event.IsPermanent(errors.Join(err, errors.New("disk full"))))
	// Output:
	// true true no such user
	// false
}
