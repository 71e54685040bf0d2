package relock_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/verify"
	"github.com/accesshook/accesshook/verify/verifytest"
)

func TestConformance(t *testing.T) {
	verifytest.Run(t, verifytest.Vendor{
		New: func(secrets []event.Secret, c verify.Config) (*verify.Endpoint, error) {
			return relock.New(relock.Config{Secrets: secrets, Endpoint: c})
		},
		NewVerifier: relock.NewVerifier,
		NewRequest: func(ctx context.Context, url, secret string, body []byte) (*http.Request, error) {
			return relock.NewRequest(ctx, url, secret, body)
		},
		Decode:      relock.Decode,
		Credentials: [3]string{"the-first-secret-of-relock-tests", "the-second-secret-of-relock-tests", "the-secret-of-a-stranger-to-tests"},
		Header:      relock.SignatureHeader,
		Signed:      true,
		Hex:         true,
		Payloads:    fixtures,
		Unknown:     unknownFixture,
	})
}
