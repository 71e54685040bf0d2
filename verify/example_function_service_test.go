package verify_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"log"
	"net/http"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/verify"
)

// A function service hands over the method, the headers with keys in lower case, and the
// body, and takes an answer back.
func ExampleEndpoint_Process() {
	f, err := newFunction("the secret of the webhook") // once, when the program starts
	if err != nil {
		log.Fatal(err)
	}
	call := functionCall{
		Method: "POST", SourceIP: "203.0.113.5",
		Body: "eyJldmVudCI6InNlY3VyaXR5LmFsZXJ0In0=", IsBase64: true, // {"event":"security.alert"}
		Headers: map[string]string{"x-relock-signature": "bc96bd26ec1525aed2e50c408638b2859c8f4054dc98f571e640ee4bc9707c48"},
	}
	fmt.Println(f.handle(context.Background(), call))
	fmt.Println(f.handle(context.Background(), call)) // a duplicate
	call.Headers["x-relock-signature"] = "forged"
	fmt.Println(f.handle(context.Background(), call))
	// Output:
	// handled security.alert
	// {200 map[Content-Type:application/json] {"received":true}} <nil>
	// {200 map[Content-Type:application/json] {"received":true}} <nil>
	// {401 map[Content-Type:application/json] {"error":"unauthorized"}} <nil>
}

// A functionCall and a functionAnswer are what the service of your choice defines.
type (
	functionCall struct {
		Method, SourceIP, Body string
		IsBase64               bool
		Headers                map[string]string
	}
	functionAnswer struct {
		StatusCode int
		Headers    map[string]string
		Body       string
	}
)

// A function lives as long as the program, so that Dedupe remembers from one call to
// the next.
type function struct {
	hook   *verify.Endpoint
	events *event.Mux
}

func newFunction(secret string) (*function, error) {
	hook, err := relock.New(relock.Config{
		Secrets:  event.Secrets(secret),
		Endpoint: verify.Config{Wrap: []func(event.Handler) event.Handler{event.Dedupe(event.DedupeConfig{})}},
	})
	if err != nil {
		return nil, err
	}
	events := event.NewMux()
	events.HandleFunc(event.SecurityAlert, func(_ context.Context, e *event.Event) error {
		fmt.Println("handled", e.Type)
		return nil
	})
	return &function{hook: hook, events: events}, nil
}

func (f *function) handle(ctx context.Context, call functionCall) (functionAnswer, error) {
	body := []byte(call.Body)
	if call.IsBase64 {
		var err error
		if body, err = base64.StdEncoding.DecodeString(call.Body); err != nil {
			return functionAnswer{}, err
		}
	}
	r := &http.Request{Method: call.Method, RemoteAddr: call.SourceIP, Header: make(http.Header)}
	for key, value := range call.Headers {
		r.Header[key] = []string{value}
	}
	status, header, answer := f.hook.Process(ctx, r, body, f.events)
	out := functionAnswer{StatusCode: status, Headers: make(map[string]string), Body: string(answer)}
	for key := range header {
		out.Headers[key] = header.Get(key)
	}
	return out, nil
}
