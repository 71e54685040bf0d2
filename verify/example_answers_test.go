package verify_test

import (
	"errors"
	"fmt"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

// What a vendor is answered for an error.
func ExampleStatus() {
	for _, err := range []error{
		nil,
		verify.ErrBadCredential,
		event.Permanent(errors.New("no such user")),
		event.Unavailable(errors.New("queue full"), 0),
		errors.New("disk full"),
	} {
		fmt.Println(verify.Status(err), err)
	}
	// Output:
	// 200 <nil>
	// 401 verify: not authenticated: credential refused
	// 200 no such user
	// 503 queue full
	// 500 disk full
}
