package loginradius_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/verify"
)

// A receiver with a callback for logins, and a request as LoginRadius sends it.
func Example() {
	const secret = "a secondary API secret with webhook access" // from the environment
	hook, err := loginradius.New(loginradius.Config{
		Secrets:  event.Secrets(secret),
		Endpoint: verify.Config{Logger: slog.New(slog.DiscardHandler)},
	})
	if err != nil {
		log.Fatal(err)
	}
	events := event.NewMux()
	events.HandleFunc(event.AuthenticationSucceeded, loggedIn)
	event.On(events, anyHook)
	mux := http.NewServeMux()
	mux.Handle("/webhooks/loginradius", hook.Handler(events))

	sent := loginradius.Hook{HookName: "login", Profile: &loginradius.Profile{
		UID:      "0f2d",
		Password: event.NewSecret("pbkdf2$1000$kZ0v"),
		Identity: loginradius.Identity{Provider: "Email", LocalCity: "Utrecht"},
	}}
	r, err := loginradius.NewRequest(context.Background(), "http://localhost/webhooks/loginradius", secret, sent)
	if err != nil {
		log.Fatal(err)
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	fmt.Println(w.Code)
	// Output:
	// 0f2d logged in from Utrecht
	// login by Email with password [redacted]
	// 200
}

func loggedIn(_ context.Context, e *event.Event) error {
	fmt.Println(e.User.ID, "logged in from", e.Location.City)
	return nil
}

func anyHook(_ context.Context, _ *event.Event, h *loginradius.Hook) error {
	if h.Profile != nil {
		fmt.Println(h.HookName, "by", h.Profile.Provider, "with password", h.Profile.Password)
	}
	return nil
}
