package verify_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/verify"
)

// Behind a load balancer that appends to X-Forwarded-For.
func ExampleClientIP() {
	handler, err := behindProxy("the secret of the webhook")
	if err != nil {
		log.Fatal(err)
	}
	for _, sent := range []struct{ peer, forwarded, who string }{
		{"10.0.3.7:4000", "203.0.113.9", "the vendor, through the balancer"},
		{"10.0.3.7:4000", "203.0.113.9, 198.51.100.1", "somebody who made up the vendor's address"},
		{"198.51.100.1:4000", "203.0.113.9", "the same, past the balancer"},
		{"10.0.3.7:4000", "", "a balancer that sets no header"},
	} {
		r, err := relock.NewRequest(context.Background(), "/webhooks/relock", "the secret of the webhook", &relock.SecurityAlert{})
		if err != nil {
			log.Fatal(err)
		}
		r.RemoteAddr = sent.peer
		if sent.forwarded != "" {
			r.Header.Set("X-Forwarded-For", sent.forwarded)
		}
		fmt.Println(sent.who)
		handler.ServeHTTP(httptest.NewRecorder(), r)
	}
	// Output:
	// the vendor, through the balancer
	// 	203.0.113.9 200
	// somebody who made up the vendor's address
	// 	198.51.100.1 403
	// the same, past the balancer
	// 	198.51.100.1 403
	// a balancer that sets no header
	// 	invalid IP 403
}

func behindProxy(secret string) (http.Handler, error) {
	hook, err := relock.New(relock.Config{
		Secrets: event.Secrets(secret),
		Endpoint: verify.Config{
			ClientIP:  verify.XForwardedFor("10.0.0.0/16"), // the network of the balancer
			AllowFrom: []string{"203.0.113.0/24"},          // the vendor's, if it publishes one
			RateLimit: verify.RateLimit{Requests: 100},
			Observe: func(_ context.Context, o verify.Observation) {
				fmt.Println("\t"+o.Client.String(), o.Status)
			},
		},
	})
	if err != nil {
		return nil, err
	}
	return hook.Handler(event.NewMux()), nil
}
