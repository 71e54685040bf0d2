package verify_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/relock"
)

// In another framework: the checks of Handler, and the answer, without its log.
func ExampleEndpoint_Receive() {
	hook, err := relock.New(relock.Config{Secrets: event.Secrets("the secret of the webhook")})
	if err != nil {
		log.Fatal(err)
	}
	router := frameworkRouter{"/webhooks/relock": func(w http.ResponseWriter, r *http.Request) error {
		e, err := hook.Receive(w, r)
		if err == nil {
			err = save(e)
		}
		hook.Respond(w, err) // a fixed text: the sender learns nothing
		return err           // for the log of the framework
	}}

	for _, secret := range []string{"the secret of the webhook", "a stranger's secret"} {
		r, err := relock.NewRequest(context.Background(), "/webhooks/relock", secret, &relock.SecurityAlert{AlertType: "impossible_travel"})
		if err != nil {
			log.Fatal(err)
		}
		w := httptest.NewRecorder()
		router.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Body)
	}
	// Output:
	// saved security.alert
	// 200 {"received":true}
	// framework: verify: not authenticated: credential refused: signature does not match
	// 401 {"error":"unauthorized"}
}

func save(e *event.Event) error {
	fmt.Println("saved", e.Type)
	return nil
}

// A frameworkRouter stands for a framework whose handlers return an error.
type frameworkRouter map[string]func(http.ResponseWriter, *http.Request) error

func (f frameworkRouter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := f[r.URL.Path](w, r); err != nil {
		fmt.Println("framework:", err)
	}
}
