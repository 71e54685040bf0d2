package verify_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log"
	"net/http"
	"strconv"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

// GitHub signs the body. Use the secret of the webhook.
func ExampleNewSigned_gitHub() {
	v, err := verify.NewSigned(verify.SignedConfig{
		Header: "X-Hub-Signature-256", Prefix: "sha256=",
		Secrets: event.Secrets("It's a Secret to Everybody"), // from your environment
	})
	if err != nil {
		log.Fatal(err)
	}

	r := exampleRequest("X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")
	fmt.Println(v.Verify(r, []byte("Hello, World!")))
	// Output: secret 1 <nil>
}

// Shopify signs the body. Use the client secret of the app.
func ExampleNewSigned_shopify() {
	v, err := verify.NewSigned(verify.SignedConfig{
		Header: "X-Shopify-Hmac-Sha256", Encoding: verify.Base64,
		Secrets: event.Secrets("the client secret of the app"), // from your environment
	})
	if err != nil {
		log.Fatal(err)
	}

	r := exampleRequest("X-Shopify-Hmac-Sha256", "mwjks/HrfLJBN1KEdDm+DKeJtcKcMpk1QT8CJEi/tl4=")
	fmt.Println(v.Verify(r, []byte(`{"id":820982911946154508}`)))
	// Output: secret 1 <nil>
}

// Slack signs a timestamp and the body. Use the signing secret of the app.
func ExampleNewSigned_slack() {
	v, err := verify.NewSigned(verify.SignedConfig{
		Header: "X-Slack-Signature", Prefix: "v0=",
		Signed: "v0:{timestamp}:{body}", TimestampHeader: "X-Slack-Request-Timestamp",
		Secrets: event.Secrets("8f742231b10e8888abcd99yyyzzz85a5"), // from your environment
	})
	if err != nil {
		log.Fatal(err)
	}

	now := strconv.FormatInt(time.Now().Unix(), 10)
	r := exampleRequest("X-Slack-Request-Timestamp", now,
		"X-Slack-Signature", "v0="+sign("8f742231b10e8888abcd99yyyzzz85a5", "v0:"+now+":token=x"))
	fmt.Println(v.Verify(r, []byte("token=x")))
	// Output: secret 1 <nil>
}

// Stripe signs a timestamp and the body. While a secret is being replaced, the header
// has several signatures. Use the signing secret of the endpoint as it is, with its
// "whsec_".
func ExampleNewSigned_stripe() {
	v, err := verify.NewSigned(verify.SignedConfig{
		Header: "Stripe-Signature", Prefix: "v1=", Separator: ",",
		Signed: "{timestamp}.{body}", TimestampPrefix: "t=",
		Secrets: event.Secrets("whsec_of_this_example"), // from your environment
	})
	if err != nil {
		log.Fatal(err)
	}

	now := strconv.FormatInt(time.Now().Unix(), 10)
	r := exampleRequest("Stripe-Signature", "t="+now+",v1="+sign("whsec_of_this_example", now+".{}")+",v0=ignored")
	fmt.Println(v.Verify(r, []byte("{}")))
	// Output: secret 1 <nil>
}

// Standard Webhooks signs an ID, a timestamp and the body. Many vendors use it, with
// these headers or with a prefix of their own, such as Svix-Id.
func ExampleNewSigned_standardWebhooks() {
	secret, err := verify.StandardWebhooksSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw") // from your environment
	if err != nil {
		log.Fatal(err)
	}
	v, err := verify.NewSigned(verify.SignedConfig{
		Header: "Webhook-Signature", Prefix: "v1,", Separator: " ", Encoding: verify.Base64,
		Signed: "{id}.{timestamp}.{body}", IDHeader: "Webhook-Id", TimestampHeader: "Webhook-Timestamp",
		Secrets: []event.Secret{secret},
	})
	if err != nil {
		log.Fatal(err)
	}

	now := strconv.FormatInt(time.Now().Unix(), 10)
	key, _ := secret.Reveal()
	sum, _ := hex.DecodeString(sign(key, "msg_1."+now+".{}"))
	r := exampleRequest("Webhook-Id", "msg_1", "Webhook-Timestamp", now,
		"Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(sum))
	fmt.Println(v.Verify(r, []byte("{}")))
	// Output: secret 1 <nil>
}

// Both secrets are accepted while one replaces the other. The label tells which one
// matched.
func ExampleNewSigned_rotation() {
	v, err := verify.NewSigned(verify.SignedConfig{
		Header:  "X-Acme-Signature",
		Secrets: event.Secrets("the new secret of the webhook", "the old secret of the webhook"),
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, secret := range []string{"the old secret of the webhook", "the new secret of the webhook"} {
		label, err := v.Verify(exampleRequest("X-Acme-Signature", sign(secret, "{}")), []byte("{}"))
		fmt.Println(label, err)
	}
	// Output:
	// secret 2 <nil>
	// secret 1 <nil>
}

func exampleRequest(headers ...string) *http.Request {
	r, err := http.NewRequest(http.MethodPost, "https://example.com/webhooks", nil)
	if err != nil {
		log.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}
