package unlocapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/apiclient"
	"github.com/accesshook/accesshook/unloc"
)

// TriggerAccessEvent is the only trigger that Unloc documents: somebody used a key.
const TriggerAccessEvent = "accessEvent"

// A Webhook is what [Client.RegisterWebhook] registers.
type Webhook struct {
	// Trigger is what causes a request. Zero: TriggerAccessEvent.
	Trigger string
	// URL is where Unloc sends requests, with the user and the password that it sends:
	// what [unloc.URL] returns. Required.
	URL event.Secret
	// LockID is the lock whose events these are. Required: that a webhook can be for a
	// whole project is not documented.
	LockID string
}

// RegisterWebhook has Unloc send the events of a lock to a URL. Each call makes a
// registration, also if there is one like it: an event may then come once for each, which
// [event.Dedupe] takes care of.
//
// What Unloc answers is not documented. Any success is one. After an error other than an
// [*Error] with a Status of 400 to 499, such as a timeout, also one of a gateway (504), the
// webhook may have been registered nevertheless.
//
// See https://developer.unloc.app/docs/webhooks-guide.
func (c *Client) RegisterWebhook(ctx context.Context, w Webhook) error {
	if w.Trigger == "" {
		w.Trigger = TriggerAccessEvent
	}
	if w.LockID == "" {
		return errors.New("unlocapi: Webhook.LockID is empty")
	}
	target, password, err := sendableURL(w.URL)
	if err != nil {
		return fmt.Errorf("unlocapi: Webhook.URL: %w", err)
	}
	_, query, _ := strings.Cut(target, "?") // may be a credential too
	body, err := json.Marshal(map[string]string{"trigger": w.Trigger, "url": target, "lockId": w.LockID})
	if err != nil {
		return err
	}
	_, err = c.send(ctx, "register webhook", apiclient.Request{
		Method: http.MethodPost, Path: c.project("/webhooks"), Body: body,
		Secrets: []event.Secret{w.URL, event.NewSecret(target), event.NewSecret(password), event.NewSecret(query)},
	})
	return err
}

// sendableURL returns the URL as [unloc.URL] makes it, and the password in it. Its errors
// hold no part of it.
func sendableURL(secret event.Secret) (target, password string, err error) {
	text, _ := secret.Reveal()
	u, err := url.Parse(text)
	if err != nil || u.User == nil {
		return "", "", errors.New("it is not what unloc.URL returns: there is no user and password in it")
	}
	user := u.User.Username()
	password, _ = u.User.Password()
	u.User = nil
	target, err = unloc.URL(u.String(), user, password)
	return target, password, err
}
