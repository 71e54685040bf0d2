package relockapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/apiclient"
	"github.com/accesshook/accesshook/internal/credential"
	"github.com/accesshook/accesshook/internal/jsonbody"
	"github.com/accesshook/accesshook/relock"
)

// A Webhook is what Relock is asked to send, and where to. All fields are required.
type Webhook struct {
	// URL is where Relock sends events. It is https, which Relock demands, and has no
	// user and no fragment. Its query may be a credential: errors mask it.
	URL string
	// Events are Relock's own names, such as "session.created". Names that are not in
	// [relock.EventTypes] are sent as they are: Relock may have new ones. A name of
	// accesshook's own vocabulary for which Relock has another is refused.
	Events []string
	// Secret is what Relock signs events with: text of at least 16 bytes, that of
	// [relock.Config].
	Secret event.Secret
}

// A Registration is what Relock answers. Every field may be zero.
type Registration struct {
	WebhookID string    `json:"webhookId,omitzero"`
	URL       string    `json:"url,omitzero"`
	Events    []string  `json:"events,omitzero"`
	Active    bool      `json:"active,omitzero"`
	CreatedAt time.Time `json:"createdAt,omitzero"`

	// Missing are the events that were asked for and are not in Events. It is nil if
	// Relock answered without any Events.
	Missing []string `json:"-"`
	// Warnings say what in the answer did not have the documented type.
	Warnings []event.Warning `json:"-"`
}

// ConfigureWebhook asks Relock to send events to a URL. Before anything is sent it
// checks w; an error names the field that is wrong.
//
// An [*Error] with a Status of 400 to 499 is a refusal. After any other error of a request
// Relock may have the webhook: the answer was lost, or is that of a gateway which gave up
// (502, 504), or not one of the documented. See the package's comment.
//
// An answer without a body is a success, with a zero Registration.
func (c *Client) ConfigureWebhook(ctx context.Context, w Webhook) (*Registration, error) {
	if err := w.check(); err != nil {
		return nil, err
	}
	secret, _ := w.Secret.Reveal()
	body, err := json.Marshal(struct {
		URL    string   `json:"url"`
		Events []string `json:"events"`
		Secret string   `json:"secret"`
	}{w.URL, w.Events, secret})
	if err != nil {
		return nil, errors.New("relockapi: cannot encode the request") // never happens
	}
	key, _ := c.key.Reveal()
	_, query, _ := strings.Cut(w.URL, "?")
	a, err := c.api.Do(ctx, apiclient.Request{
		Method: http.MethodPost, Path: "/webhooks/configure", Body: body,
		Header:  http.Header{"Authorization": {"Bearer " + key}},
		Hint:    func(a *apiclient.Answer) time.Duration { return newError(a).RetryAfter },
		Secrets: []event.Secret{c.key, w.Secret, event.NewSecret(query)},
	})
	if err != nil {
		return nil, err
	}
	return registration(a, w.Events)
}

func (w *Webhook) check() error {
	if err := apiclient.CheckWebhookURL(w.URL); err != nil {
		return fmt.Errorf("relockapi: Webhook.URL %w", err)
	}
	if len(w.Events) == 0 {
		return errors.New("relockapi: Webhook.Events is empty")
	}
	for i, name := range w.Events {
		if err := checkEvent(name); err != nil {
			return fmt.Errorf("relockapi: Webhook.Events[%d] %w", i, err)
		}
		if slices.Contains(w.Events[:i], name) {
			return fmt.Errorf("relockapi: Webhook.Events[%d] is there twice", i)
		}
	}
	if err := credential.Check("relockapi: Webhook.Secret", w.Secret, credential.MinKey); err != nil {
		return err
	}
	secret, _ := w.Secret.Reveal()
	if w.Secret.IsBinary() || !utf8.ValidString(secret) {
		return errors.New("relockapi: Webhook.Secret is no text: Relock takes it as a JSON string")
	}
	return nil
}

func checkEvent(name string) error {
	types := relock.EventTypes()
	if _, ok := types[name]; ok {
		return nil
	}
	for own, typ := range types {
		if string(typ) == name || strings.EqualFold(own, name) {
			return fmt.Errorf("%q is %q in Relock's words", name, own)
		}
	}
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' || r == '*' }) {
		return errors.New("is empty, has a star, a space, or a character that is not ASCII")
	}
	return nil
}

// registration reads the answer to a request for these events.
func registration(a *apiclient.Answer, events []string) (*Registration, error) {
	if !a.IsSuccess() {
		return nil, newError(a)
	}
	if len(a.Body) == 0 {
		return new(Registration), nil
	}
	var answer envelope
	warnings, err := jsonbody.Unmarshal(a.Body, &answer)
	if err != nil || answer.refused() {
		return nil, newError(a)
	}
	r := &answer.Data
	r.Warnings = warnings
	if len(r.Events) > 0 {
		for _, name := range events {
			if !slices.ContainsFunc(r.Events, func(s string) bool { return strings.EqualFold(s, name) }) {
				r.Missing = append(r.Missing, name)
			}
		}
	}
	return r, nil
}
