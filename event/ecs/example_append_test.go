package ecs_test

import (
	"context"
	"net/http"
	"os"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/ecs"
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
	write := event.HandlerFunc(func(_ context.Context, e *event.Event) error {
		line, err := ecs.Append(nil, e)
		if err != nil {
			return event.Permanent(err)
		}
		_, err = file.Write(append(line, '\n'))
		return err
	})
	http.Handle("/webhooks/relock", hook.Handler(write))
}
