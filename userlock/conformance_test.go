package userlock_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/userlock"
	"github.com/accesshook/accesshook/verify"
	"github.com/accesshook/accesshook/verify/verifytest"
)

func TestConformance(t *testing.T) {
	verifytest.Run(t, verifytest.Vendor{
		New: func(ids []event.Secret, c verify.Config) (*verify.Endpoint, error) {
			return userlock.New(userlock.Config{IDs: ids, Endpoint: c})
		},
		NewVerifier: userlock.NewVerifier,
		NewRequest: func(ctx context.Context, url, id string, body []byte) (*http.Request, error) {
			return userlock.NewRequest(ctx, url, id, body)
		},
		Decode: userlock.Decode,
		Credentials: [3]string{
			"7C9E6679-7425-40DE-944B-E07FC1F90AE7",
			"{0f8fad5b-d9cb-469f-a165-70867728950e}",
			"1B4E28BA-2FA1-11D2-883F-0016D3CCA427",
		},
		Payloads: fixtures,
		Unknown:  unknownFixture,
	})
}
