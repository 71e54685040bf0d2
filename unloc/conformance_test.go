package unloc_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/verify"
	"github.com/accesshook/accesshook/verify/verifytest"
)

func TestConformance(t *testing.T) {
	split := func(pairs []event.Secret) []verify.Credential {
		credentials := make([]verify.Credential, len(pairs))
		for i, pair := range pairs {
			text, _ := pair.Reveal()
			user, password, _ := strings.Cut(text, ":")
			credentials[i] = verify.NewCredential(user, password)
		}
		return credentials
	}
	verifytest.Run(t, verifytest.Vendor{
		New: func(pairs []event.Secret, c verify.Config) (*verify.Endpoint, error) {
			return unloc.New(unloc.Config{Credentials: split(pairs), Endpoint: c})
		},
		NewVerifier: func(pairs ...event.Secret) (verify.Verifier, error) { return unloc.NewVerifier(split(pairs)...) },
		NewRequest: func(ctx context.Context, url, pair string, body []byte) (*http.Request, error) {
			user, password, _ := strings.Cut(pair, ":")
			return unloc.NewRequest(ctx, url, user, password, body)
		},
		Decode:      unloc.Decode,
		Credentials: [3]string{"oslo:first-password-of-tests", "bergen:second-password-of-tests", "oslo:password-of-a-stranger"},
		Header:      "Authorization",
		Payloads: map[string][]byte{
			"unlocked":   []byte(unlocked),
			"locked":     []byte(with(t, "action", `"locked"`)),
			"viewedCode": []byte(with(t, "action", `"viewedCode"`)),
			"version 1":  []byte(`{"id":"9d1","action":"unlocked","created":"2021-03-04T05:06:07.089Z","keyId":"k-17","lockId":"danalock-00:00:00:00:00:07","lockName":"","userId":61400000000,"userName":""}`),
		},
		Unknown: []byte(with(t, "action", `"jammed"`)),
	})
}
