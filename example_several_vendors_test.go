package accesshook_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"
	"github.com/accesshook/accesshook/verify"
)

// Four vendors, one vocabulary: a callback for a type of event has the events of all
// vendors.
func Example_severalVendors() {
	events := event.NewMux()
	events.HandleFunc(event.SessionStarted, func(_ context.Context, e *event.Event) error {
		fmt.Println(e.Vendor, "logon:", e.User.Key())
		return nil
	})
	events.HandleFunc(event.LockUnlocked, func(_ context.Context, e *event.Event) error {
		fmt.Println(e.Vendor, "door:", e.Lock.Name, e.User.Key())
		return nil
	})
	events.Default(func(_ context.Context, e *event.Event) error {
		fmt.Println(e.Vendor, "other:", e.Type, e.VendorType)
		return nil
	})
	handler, err := allVendors(events)
	if err != nil {
		log.Fatal(err)
	}

	// What the vendors send.
	ctx := context.Background()
	send := func(r *http.Request, err error) {
		if err != nil {
			log.Fatal(err)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			fmt.Println(r.URL, w.Code)
		}
	}
	send(userlock.NewRequest(ctx, "/webhooks/userlock", serverID, userlock.Notification{EventType: "1", UserAccount: `ACME\ada`}))
	send(unloc.NewRequest(ctx, "/webhooks/unloc", "unloc", doorPassword, unloc.AccessEvent{ID: "e-1", Action: "unlocked", LockName: "Front door", AppUserID: "+4712345678"}))
	send(relock.NewRequest(ctx, "/webhooks/relock", sessionSecret, relock.SessionCreated{UserID: "ada"}))
	send(loginradius.NewRequest(ctx, "/webhooks/loginradius", accountSecret, loginradius.Hook{HookName: "login", Profile: &loginradius.Profile{UID: "0f2d"}}))
	// Output:
	// userlock logon: name:acme\ada
	// unloc door: Front door phone:+4712345678
	// relock logon: id:ada
	// loginradius other: authentication.succeeded login
}

// A service reads these from its environment.
const (
	serverID      = "7C9E6679-7425-40DE-944B-E07FC1F90AE7"
	doorPassword  = "R4mT0pqu2xZk3v9LwQ7c"
	sessionSecret = "the secret of the webhook of Relock"
	accountSecret = "a secondary API secret of LoginRadius"
)

// allVendors returns the handler of a service that receives from all vendors.
func allVendors(events event.Handler) (http.Handler, error) {
	shared := verify.Config{
		RateLimit: verify.RateLimit{Requests: 100},
		Wrap:      []func(event.Handler) event.Handler{event.Dedupe(event.DedupeConfig{})},
	}
	logons, err1 := userlock.New(userlock.Config{IDs: event.Secrets(serverID), Endpoint: shared})
	doors, err2 := unloc.New(unloc.Config{Credentials: []verify.Credential{verify.NewCredential("unloc", doorPassword)}, Endpoint: shared})
	sessions, err3 := relock.New(relock.Config{Secrets: event.Secrets(sessionSecret), Endpoint: shared})
	accounts, err4 := loginradius.New(loginradius.Config{Secrets: event.Secrets(accountSecret), Endpoint: shared})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	for _, hook := range []*verify.Endpoint{logons, doors, sessions, accounts} {
		mux.Handle("/webhooks/"+hook.Vendor(), hook.Handler(events))
	}
	return mux, nil
}
