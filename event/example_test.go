package event_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/relock"
)

// A Mux hands an event to all callbacks that are registered for its type, its
// family of types, or the Go type of its payload.
func ExampleMux() {
	events := event.NewMux()
	events.HandleFunc(event.AuthenticationFailed, func(_ context.Context, e *event.Event) error {
		fmt.Println("count a failure of", e.User.ID)
		return nil
	})
	events.HandleFunc("session.*", func(_ context.Context, e *event.Event) error {
		fmt.Println("clock", e.User.ID, e.Type)
		return nil
	})
	event.On(events, func(_ context.Context, e *event.Event, alert *relock.SecurityAlert) error {
		fmt.Println("page somebody:", e.Severity, alert.AlertType)
		return nil
	})
	events.Default(func(_ context.Context, e *event.Event) error {
		fmt.Println("nobody wants", e.Vendor, e.VendorType)
		return nil
	})

	// An endpoint of a vendor package does this with what it has verified.
	for _, body := range []string{
		`{"event":"authentication.failed","data":{"userId":"ada"}}`,
		`{"event":"session.created","data":{"userId":"ada"}}`,
		`{"event":"session.ended","data":{"userId":"ada"}}`,
		`{"event":"security.alert","data":{"alertType":"impossible_travel","severity":"high"}}`,
		`{"event":"coffee.brewed"}`,
	} {
		e, err := relock.Decode([]byte(body))
		if err != nil {
			fmt.Println(err)
			continue
		}
		if err := events.HandleEvent(context.Background(), e); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// count a failure of ada
	// clock ada session.started
	// clock ada session.ended
	// page somebody: high impossible_travel
	// nobody wants relock coffee.brewed
}

// What a callback returns decides whether the vendor sends the event again.
func ExamplePermanent() {
	errNoSuchUser := errors.New("no such user")
	block := func(_ context.Context, e *event.Event) error {
		if e.User.ID == "" {
			return event.Permanent(errNoSuchUser) // it will not be there next time either
		}
		return nil
	}
	err := block(context.Background(), &event.Event{Type: event.SecurityAlert})
	fmt.Println(event.IsPermanent(err), errors.Is(err, errNoSuchUser), err)

	// One of several callbacks may succeed next time: the event must come again.
	fmt.Println(event.IsPermanent(errors.Join(err, errors.New("disk full"))))
	// Output:
	// true true no such user
	// false
}

// A callback that cannot work now says when to try again.
func ExampleUnavailable() {
	err := event.Unavailable(errors.New("SIEM is restarting"), 30*time.Second)
	err = fmt.Errorf("forward: %w", err)

	after, ok := event.IsUnavailable(err)
	fmt.Println(ok, after, err)
	// Output: true 30s forward: SIEM is restarting
}

// A Secret shows itself to nobody who does not ask for it.
func ExampleSecret() {
	type login struct {
		User  string
		Token event.Secret
	}
	l := login{"ada", event.NewSecret("correct horse")}

	fmt.Printf("%+v\n", l)
	_ = json.NewEncoder(os.Stdout).Encode(l)
	slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	})).Info("login", "token", l.Token)

	value, ok := l.Token.Reveal()
	fmt.Println(value, ok)
	// Output:
	// {User:ada Token:[redacted]}
	// {"User":"ada","Token":"[redacted]"}
	// level=INFO msg=login token=[redacted]
	// correct horse true
}
