package relockapi_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/relock/relockapi"
)

// Register a webhook, and say what Relock made of it. This Relock does not know
// security.alert.
func Example_registerAWebhook() {
	vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer relock_sk_0123456789" {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, `{"success":false,"error":{"code":"INVALID_API_KEY","message":"Invalid API key"}}`)
			return
		}
		_, _ = io.WriteString(w, `{"success":true,"data":{"webhookId":"webhook-7",
			"url":"https://hooks.example.com/webhooks/relock","events":["authentication.failed"],"active":true}}`)
	}))
	defer vendor.Close()

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	webhook := relockapi.Webhook{
		URL:    "https://hooks.example.com/webhooks/relock",
		Events: []string{"authentication.failed", "security.alert"},
		Secret: event.NewSecret("the secret of relock.Config"), // from a variable or a file
	}
	for _, key := range []string{"relock_sk_mistyped", "relock_sk_0123456789"} {
		client, err := relockapi.New(relockapi.Config{
			APIKey:  event.NewSecret(key), // from a variable or a file
			BaseURL: vendor.URL,           // leave it out
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		registration, err := client.ConfigureWebhook(ctx, webhook)
		var refused *relockapi.Error
		switch {
		case errors.As(err, &refused) && refused.Status >= 400 && refused.Status <= 499:
			fmt.Println("refused:", refused.Status, refused.Code)
		case err != nil:
			fmt.Println("it may be registered or not:", err)
		default:
			fmt.Println(registration.WebhookID, "is active:", registration.Active, "without:", registration.Missing)
		}
	}
	// Output:
	// refused: 401 INVALID_API_KEY
	// webhook-7 is active: true without: [security.alert]
}
