package verify_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/relock"
)

// Middleware lets only genuine requests through to an http.Handler of your own.
func ExampleEndpoint_Middleware() {
	hook, err := relock.New(relock.Config{Secrets: event.Secrets("the secret of the webhook")})
	if err != nil {
		log.Fatal(err)
	}
	handler := hook.Middleware(http.HandlerFunc(archive))

	for _, secret := range []string{"the secret of the webhook", "a stranger's secret"} {
		r, err := relock.NewRequest(context.Background(), "/webhooks/relock", secret, []byte(`{"event":"security.alert"}`))
		if err != nil {
			log.Fatal(err)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Body)
	}
	// Output:
	// security.alert {"event":"security.alert"}
	// 202 archived
	// 401 {"error":"unauthorized"}
}

// archive is your handler. The event is in the context, and the body is there again.
func archive(w http.ResponseWriter, r *http.Request) {
	e, _ := event.FromContext(r.Context())
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "failed", http.StatusInternalServerError)
		return
	}
	fmt.Printf("%s %s\n", e.Type, body)
	w.WriteHeader(http.StatusAccepted)
	fmt.Fprint(w, "archived")
}
