package verify_test

import (
	"context"
	"fmt"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/verify"
)

// Replace a secret while requests come in. For a while both are accepted. In a service,
// a signal such as SIGHUP calls reload.
func ExampleEndpoint_SetVerifier() {
	dir, err := os.MkdirTemp("", "secrets")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "relock") // one secret a line

	const before, after = "the old secret of the webhook", "the new secret of the webhook"
	hook, err := relock.New(relock.Config{Secrets: event.Secrets(before)})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("old:", genuine(hook, before), "new:", genuine(hook, after))

	for _, lines := range []string{after + "\n" + before + "\n", after + "\n", ""} {
		if err := os.WriteFile(file, []byte(lines), 0o600); err != nil {
			log.Fatal(err)
		}
		if err := reload(hook, file); err != nil {
			fmt.Println("the secrets stay as they were:", err)
		}
		fmt.Println("old:", genuine(hook, before), "new:", genuine(hook, after))
	}
	// Output:
	// old: true new: false
	// old: true new: true
	// old: false new: true
	// the secrets stay as they were: relock: secrets[0] is empty
	// old: false new: true
}

// reload takes the secrets of hook from a file.
func reload(hook *verify.Endpoint, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	v, err := relock.NewVerifier(event.Secrets(lines...)...)
	if err != nil {
		return err
	}
	hook.SetVerifier(v)
	return nil
}

// genuine plays the vendor.
func genuine(hook *verify.Endpoint, secret string) bool {
	r, err := relock.NewRequest(context.Background(), "/webhooks/relock", secret, &relock.SecurityAlert{})
	if err != nil {
		log.Fatal(err)
	}
	_, err = hook.Receive(httptest.NewRecorder(), r)
	return err == nil
}
