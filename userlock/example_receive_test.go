package userlock_test

import (
	"context"
	"fmt"
	"log"
	"net/http/httptest"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/userlock"
)

// A receiver with callbacks for sessions and for denied logons, and two notifications as
// UserLock sends them.
func Example() {
	// The ID of each UserLock server, the backup included. Do not write them
	// into your program: os.Getenv("USERLOCK_ID") and the like.
	hook, err := userlock.New(userlock.Config{
		IDs:      event.Secrets("7C9E6679-7425-40DE-944B-E07FC1F90AE7", "0F8FAD5B-D9CB-469F-A165-70867728950E"),
		Location: time.UTC,
	})
	if err != nil {
		log.Fatal(err)
	}

	events := event.NewMux()
	events.HandleFunc("session.*", sessionChanged)
	events.HandleFunc(event.AuthenticationFailed, logonDenied)

	server := httptest.NewServer(hook.Handler(events))
	defer server.Close()
	for _, n := range []userlock.Notification{
		{EventType: "1", UserAccount: `EXAMPLE\ada`, ComputerName: "WKS007"},
		{EventType: "4", UserAccount: `EXAMPLE\ada`, ClientAddress: "198.51.100.7"},
	} {
		r, err := userlock.NewRequest(context.Background(), server.URL, "7C9E6679-7425-40DE-944B-E07FC1F90AE7", n)
		if err != nil {
			log.Fatal(err)
		}
		res, err := server.Client().Do(r)
		if err != nil {
			log.Fatal(err)
		}
		res.Body.Close()
	}
	// Output:
	// session.started EXAMPLE ada WKS007
	// ada at 198.51.100.7 denied_by_userlock
}

func sessionChanged(_ context.Context, e *event.Event) error {
	fmt.Println(e.Type, e.User.Domain, e.User.Name, e.Device.Name)
	return nil
}

func logonDenied(_ context.Context, e *event.Event) error {
	fmt.Println(e.User.Name, "at", e.Client.Address, e.Reason)
	return nil
}
