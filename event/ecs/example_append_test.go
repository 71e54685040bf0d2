package ecs_test

import (
	"net/http"
	"os"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/ecs"
	"github.com/accesshook/accesshook/event/lines"
	"github.com/accesshook/accesshook/relock"
)

// Every event becomes a line of a file that Filebeat or Elastic Agent reads.
func ExampleAppend() {
	hook, err := relock.New(relock.Config{Secrets: event.Secrets(os.Getenv("RELOCK_WEBHOOK_SECRET"))})
	if err != nil {
		return
	}
	file, err := os.OpenFile("events.ndjson", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return
	}
	http.Handle("/webhooks/relock", hook.Handler(lines.NewWriter(file).Handler(ecs.Append)))
}
