package event_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"

	"github.com/accesshook/accesshook/event"
)

// A Secret shows its value only to code that asks for it.
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
