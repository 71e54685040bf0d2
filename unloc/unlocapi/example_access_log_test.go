package unlocapi_test

import (
	"context"
	"fmt"
	"log"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/unloc/unlocapi"
)

// Who has used the keys of one lock.
func ExampleClient_AccessLog() {
	api := simulatedUnloc()
	defer api.Close()
	client, err := unlocapi.New(unlocapi.Config{
		ProjectID:    "p-1029",
		ClientID:     "c-7",
		ClientSecret: event.NewSecret("from-the-environment"), // os.Getenv("UNLOC_CLIENT_SECRET")
		BaseURL:      api.URL,                                 // leave it out: Unloc itself
	})
	if err != nil {
		log.Fatal(err)
	}

	for e, err := range client.AccessLog(context.Background(), unlocapi.AccessLogQuery{LockID: "l-4", PageSize: 1}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(e.AppUserID, e.Action, e.LockName)
	}
	// Output:
	// +4790001234 unlocked Loading dock
	// +4790001234 unlocked North gate
}
