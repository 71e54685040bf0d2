package verify_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

// A vendor of one's own: who sent it, and what it says.
func ExampleNewEndpoint() {
	type badge struct{ ID, Holder, Gate string }

	v, err := verify.NewBearer(event.NewSecret("a token that only the vendor has"))
	if err != nil {
		log.Fatal(err)
	}
	hook, err := verify.NewEndpoint(verify.Definition{
		Vendor:   "acme",
		Verifier: v,
		Decode: func(_ http.Header, body []byte) (*event.Event, error) {
			var b badge
			if json.Unmarshal(body, &b) != nil {
				return nil, errors.New("acme: not a badge event")
			}
			return &event.Event{
				ID: b.ID, Type: "badge.shown", VendorType: "shown", Payload: &b,
				User: event.User{ID: b.Holder}, Lock: event.Lock{ID: b.Gate},
			}, nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}

	r := httptest.NewRequest(http.MethodPost, "/", nil)
	r.Header.Set("Authorization", "Bearer a token that only the vendor has")
	e, err := hook.Check(r, []byte(`{"ID":"b-1","Holder":"ada","Gate":"north"}`))
	fmt.Println(e, err)
	fmt.Println(e.User.ID, "at", e.Lock.ID)

	r.Header.Set("Authorization", "Bearer another")
	_, err = hook.Check(r, []byte(`{"ID":"b-1"}`))
	fmt.Println(err)
	// Output:
	// acme badge.shown b-1 <nil>
	// ada at north
	// verify: not authenticated: credential refused: wrong token
}

// Inside of another framework, or where one handler does more than call back.
func ExampleEndpoint_Receive() {
	hook := exampleEndpoint()
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e, err := hook.Receive(w, r)
		if err != nil {
			log.Println(err) // for you, not for the sender
			hook.Respond(w, err)
			return
		}
		hook.Respond(w, store(e))
	})

	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{}`))
	r.Header.Set("Authorization", "Bearer the token of the vendor")
	handler.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
	// Output: 200 {"received":true}
}

// Moving from one credential to another: both are accepted meanwhile.
func ExampleAnyOf() {
	token, err := verify.NewBearer(event.NewSecret("the old token of the vendor"))
	if err != nil {
		log.Fatal(err)
	}
	signature, err := verify.NewSigned(verify.SignedConfig{Header: "X-Signature", Secrets: event.Secrets("the new secret of the vendor")})
	if err != nil {
		log.Fatal(err)
	}
	hook := exampleEndpoint()
	hook.SetVerifier(verify.AnyOf(signature, token))

	r := httptest.NewRequest(http.MethodPost, "/", nil)
	fmt.Println(hook.Verify(r, []byte("{}")) == nil)
	r.Header.Set("Authorization", "Bearer the old token of the vendor")
	fmt.Println(hook.Verify(r, []byte("{}")) == nil)
	// Output:
	// false
	// true
}

func ExampleStatus() {
	for _, err := range []error{
		nil,
		verify.ErrBadCredential,
		event.Permanent(errors.New("no such user")),
		event.Unavailable(errors.New("queue full"), 0),
		errors.New("disk full"),
	} {
		fmt.Println(verify.Status(err))
	}
	// Output:
	// 200
	// 401
	// 200
	// 503
	// 500
}

func store(*event.Event) error { return nil }

func exampleEndpoint(wrap ...func(event.Handler) event.Handler) *verify.Endpoint {
	v, err := verify.NewBearer(event.NewSecret("the token of the vendor"))
	if err != nil {
		log.Fatal(err)
	}
	hook, err := verify.NewEndpoint(verify.Definition{
		Vendor: "acme", Verifier: v,
		Decode: func(http.Header, []byte) (*event.Event, error) {
			return &event.Event{ID: "1", Type: event.Unknown}, nil
		},
		Config: verify.Config{Logger: slog.New(slog.DiscardHandler), Wrap: wrap},
	})
	if err != nil {
		log.Fatal(err)
	}
	return hook
}

// A function service hands over the method, the headers with keys in lower case, and the
// body, and takes an answer back.
func ExampleEndpoint_Process() {
	type request struct { // as the service writes it
		Method, SourceIP, Body string
		IsBase64               bool
		Headers                map[string]string
	}
	type response struct {
		StatusCode int
		Headers    map[string]string
		Body       string
	}

	// Made when the program starts, so that Dedupe remembers from one call to the next.
	hook := exampleEndpoint(event.Dedupe(event.DedupeConfig{}))
	events := event.NewMux()
	events.HandleFunc("*", func(_ context.Context, e *event.Event) error {
		fmt.Println("handled", e)
		return nil
	})

	handle := func(ctx context.Context, in request) (response, error) {
		body := []byte(in.Body)
		if in.IsBase64 {
			var err error
			if body, err = base64.StdEncoding.DecodeString(in.Body); err != nil {
				return response{}, err
			}
		}
		r := &http.Request{Method: in.Method, RemoteAddr: in.SourceIP, Header: make(http.Header)}
		for key, value := range in.Headers {
			r.Header[key] = []string{value}
		}
		status, header, answer := hook.Process(ctx, r, body, events)
		out := response{StatusCode: status, Headers: make(map[string]string), Body: string(answer)}
		for key := range header {
			out.Headers[key] = header.Get(key)
		}
		return out, nil
	}

	genuine := request{
		Method: "POST", SourceIP: "203.0.113.5", Body: "e30=", IsBase64: true,
		Headers: map[string]string{"authorization": "Bearer the token of the vendor", "content-type": "application/json"},
	}
	fmt.Println(handle(context.Background(), genuine))
	fmt.Println(handle(context.Background(), genuine)) // a duplicate
	genuine.Headers["authorization"] = "Bearer another"
	fmt.Println(handle(context.Background(), genuine))
	// Output:
	// handled acme unknown 1
	// {200 map[Content-Type:application/json] {"received":true}} <nil>
	// {200 map[Content-Type:application/json] {"received":true}} <nil>
	// {401 map[Content-Type:application/json Www-Authenticate:Bearer realm="webhook"] {"error":"unauthorized"}} <nil>
}
