package envsecret_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"syscall"

	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/relock"
)

// A service reads its secrets when it starts, and those in a file again at SIGHUP.
func Example() {
	dir, err := os.MkdirTemp("", "secrets")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "relock")
	write(file, "the secret of last year\n")
	os.Setenv("RELOCK_SECRETS_FILE", file)
	defer os.Unsetenv("RELOCK_SECRETS_FILE")

	// A service adds: signal.Notify(hangups, syscall.SIGHUP)
	hangups := make(chan os.Signal, 1)

	variable := envsecret.Variable{Name: "RELOCK_SECRETS"}
	values, err := variable.Read()
	if err != nil {
		log.Fatal(err)
	}
	for _, warning := range values.Warnings {
		slog.Warn(warning)
	}
	hook, err := relock.New(relock.Config{Secrets: values.Secrets})
	if err != nil {
		log.Fatalf("%s: %v", values.Source, err)
	}
	handler := hook.Handler(event.NewMux())
	reloadable := envsecret.Reloadable{
		Variable: variable,
		Replace: func(values envsecret.Values) error {
			verifier, err := relock.NewVerifier(values.Secrets...)
			if err == nil {
				hook.SetVerifier(verifier)
			}
			return err
		},
	}

	fmt.Println("before:", send(handler, "the secret of this year"))
	write(file, "the secret of last year\nthe secret of this year\n")
	hangups <- syscall.SIGHUP // an operator: systemctl reload, kill -HUP
	close(hangups)
	envsecret.Reload(context.Background(), hangups, slog.New(slog.DiscardHandler), reloadable) // in a service: go envsecret.Reload(…)
	fmt.Println("after:", send(handler, "the secret of this year"))
	// Output:
	// before: 401
	// after: 200
}

func write(file, text string) {
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		log.Fatal(err)
	}
}

// send plays Relock, and returns how it is answered.
func send(h http.Handler, secret string) int {
	r, err := relock.NewRequest(context.Background(), "/webhooks/relock", secret, relock.SessionCreated{UserID: "ada"})
	if err != nil {
		log.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}
