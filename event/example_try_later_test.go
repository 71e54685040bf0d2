package event_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/accesshook/accesshook/event"
)

// A callback that cannot work now says when to try again: the vendor is answered
// 503, with a Retry-After.
func ExampleUnavailable() {
	err := event.Unavailable(errors.New("SIEM is restarting"), 30*time.Second)
	err = fmt.Errorf("forward: %w", err)

	after, ok := event.IsUnavailable(err)
	fmt.Println(ok, after, err)
	// Output: true 30s forward: SIEM is restarting
}
