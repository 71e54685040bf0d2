package event_test

import (
	"fmt"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"
)

// Each vendor knows people by something else. A directory of your own brings them
// together, by the Key of their user.
func ExampleUser_Key() {
	logon, _ := userlock.Decode([]byte(`{"EventType":1,"UserAccount":"ACME\\Ada"}`))
	door, _ := unloc.Decode([]byte(`{"action":"unlocked","appUserId":"+4712345678"}`))
	for _, e := range []*event.Event{logon, door} {
		fmt.Println(e.Type, e.User.Key(), "is", directory[e.User.Key()])
	}
	// Output:
	// session.started name:acme\ada is Ada Lovelace
	// lock.unlocked phone:+4712345678 is Ada Lovelace
}

// directory has the people that a service knows, by the keys of their users.
var directory = map[string]string{
	`name:acme\ada`:     "Ada Lovelace",
	"phone:+4712345678": "Ada Lovelace",
}
