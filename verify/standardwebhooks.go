package verify

import (
	"errors"
	"strings"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/credential"
)

// StandardWebhooksSecret decodes a secret of Standard Webhooks: base64 with the prefix
// "whsec_", which may be missing. The error does not contain the secret.
//
// Stripe's secrets begin with "whsec_" too, but are not decoded.
func StandardWebhooksSecret(text string) (event.Secret, error) {
	if err := credential.Check("verify: the secret", event.NewSecret(text), 0); err != nil {
		return event.Secret{}, err
	}
	key, err := strictBase64.DecodeString(strings.TrimPrefix(text, "whsec_"))
	if err != nil {
		return event.Secret{}, errors.New(`verify: the secret is not base64, with or without "whsec_" before it`)
	}
	return event.NewSecretBytes(key), nil
}
