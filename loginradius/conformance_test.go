package loginradius_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/verify"
	"github.com/accesshook/accesshook/verify/verifytest"
)

func TestConformance(t *testing.T) {
	// Known events only, and without CustomFields: whatever is new in there is a
	// field that has another type than it should. Small ones, as each of their
	// values is replaced by each of many others.
	payloads := map[string][]byte{
		"login of 2019": []byte(strings.Replace(loginBody(0), `"CustomFields":{`, `"PIN":{`, 1)),
		"removeemail":   []byte(body("removeemail", someTime, `{"UserProfile":`+account+`,"RemovedEmail":"old@example.net"}`)),
	}
	for _, name := range hookNames {
		data := account
		if strings.HasSuffix(name, "customobject") {
			data = customObject(`{"k":["v",null]}`)
		}
		payloads["event "+name] = []byte(body(name, someTime, data))
	}
	verifytest.Run(t, verifytest.Vendor{
		New: func(secrets []event.Secret, c verify.Config) (*verify.Endpoint, error) {
			return loginradius.New(loginradius.Config{Secrets: secrets, Endpoint: c})
		},
		NewVerifier: loginradius.NewVerifier,
		NewRequest: func(ctx context.Context, url, secret string, body []byte) (*http.Request, error) {
			return loginradius.NewRequest(ctx, url, secret, body)
		},
		Decode:      loginradius.Decode,
		Credentials: [3]string{"the-first-secret-of-loginradius-tests", "the-second-secret-of-loginradius-tests", "the-secret-of-a-stranger-to-tests"},
		Header:      loginradius.SignatureHeader,
		Signed:      true,
		Hex:         true,
		Payloads:    payloads,
		Unknown:     []byte(body("passkeyadded", someTime, `{"Uid":"u-4711"}`)),
		Canaries:    []string{canary},
	})
}
