package accesshook_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/relock"
)

// NewRequest of each vendor package makes a request as the vendor sends it, signed. A
// test of your own handler needs no server and no vendor.
func Example_testYourHandler() {
	blocker := new(blocker)
	handler, err := blocker.handler("a secret for tests")
	if err != nil {
		log.Fatal(err)
	}
	send := func(secret string, payload any) int {
		r, err := relock.NewRequest(context.Background(), "/webhooks/relock", secret, payload)
		if err != nil {
			log.Fatal(err)
		}
		r.RemoteAddr = "192.0.2.1:1234" // only AllowFrom and EveryRequest need it
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Code
	}

	alert := &relock.SecurityAlert{UserID: "ada", AlertType: "impossible_travel", Severity: "high"}
	fmt.Println(send("a secret for tests", alert), blocker.blocked)
	fmt.Println(send("a stranger's secret", alert), blocker.blocked)
	// A body of your own: an event that this version does not know.
	fmt.Println(send("a secret for tests", []byte(`{"event":"coffee.brewed"}`)), blocker.blocked)
	// Output:
	// 200 [ada]
	// 401 [ada]
	// 200 [ada]
}

// A blocker is a service of yours. It blocks the user of an alert.
type blocker struct{ blocked []string }

func (b *blocker) handler(secrets ...string) (http.Handler, error) {
	hook, err := relock.New(relock.Config{Secrets: event.Secrets(secrets...)})
	if err != nil {
		return nil, err
	}
	events := event.NewMux()
	events.HandleFunc(event.SecurityAlert, func(_ context.Context, e *event.Event) error {
		if e.Severity >= event.SeverityHigh {
			b.blocked = append(b.blocked, e.User.ID)
		}
		return nil
	})
	mux := http.NewServeMux()
	mux.Handle("/webhooks/relock", hook.Handler(events))
	return mux, nil
}
