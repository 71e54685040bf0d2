package unlocapi_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/unloc/unlocapi"
)

// A webhook for each lock, with a user and a password that Unloc sends with every request.
func ExampleClient_RegisterWebhook() {
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

	// The credential that the endpoint accepts: see unloc.Config.
	url, err := unloc.URL("https://hooks.example/webhooks/unloc", "unloc", "R4mT0pqu2x-new")
	if err != nil {
		log.Fatal(err)
	}
	for _, lock := range []string{"l-4", "l-9"} {
		err := client.RegisterWebhook(context.Background(), unlocapi.Webhook{URL: event.NewSecret(url), LockID: lock})
		if refused, ok := errors.AsType[*unlocapi.Error](err); ok {
			fmt.Println(lock, refused.Status, refused.Message)
		} else if err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// registered: accessEvent l-4
	// l-9 404 No such lock in this project
}
