// Package verifytest tests a vendor of your own as it tests the vendors of this module.
// The endpoint must refuse what is not genuine, limit what is not yet authenticated,
// tolerate what the vendor may come to send, and show no secret. One test runs it all:
//
//	func TestConformance(t *testing.T) {
//		verifytest.Run(t, verifytest.Vendor{
//			New: func(secrets []event.Secret, c verify.Config) (*verify.Endpoint, error) {
//				return acme.New(acme.Config{Secrets: secrets, Endpoint: c})
//			},
//			NewVerifier: acme.NewVerifier,
//			NewRequest:  acme.NewRequest,
//			Decode:      acme.Decode,
//			Credentials: [3]string{"the first secret", "the second secret", "the secret of a stranger"},
//			Header:      "X-Acme-Signature",
//			Signed:      true,
//			Hex:         true,
//			Payloads:    map[string][]byte{"door opened": []byte(`{"event":"door.opened"}`)},
//			Unknown:     []byte(`{"event":"never.heard.of"}`),
//		})
//	}
//
// It sends real requests to a server on the loopback interface. It does not know what
// the vendor means by its events: test your mapping yourself.
package verifytest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

// A Vendor is what Run needs to know of a vendor package. All fields are required
// unless they say otherwise.
type Vendor struct {
	// New makes an endpoint that accepts any of the credentials.
	New func(credentials []event.Secret, c verify.Config) (*verify.Endpoint, error)
	// NewVerifier makes a verifier that accepts any of the credentials.
	NewVerifier func(credentials ...event.Secret) (verify.Verifier, error)
	// NewRequest makes a request as the vendor sends it, with body as it is.
	NewRequest func(ctx context.Context, url, credential string, body []byte) (*http.Request, error)
	// Decode is the package's Decode function.
	Decode func(body []byte) (*event.Event, error)

	// Credentials are valid and different. The endpoint accepts the first two;
	// the third is a stranger's.
	Credentials [3]string
	// Header is the request header that holds the credential; "" if the body
	// does. In bodies, Placeholder then stands for the credential.
	Header string
	// Signed says that the credential covers the whole body.
	Signed bool
	// OwnIDs says that the vendor sends IDs of its own, so that bodies that differ
	// elsewhere may be one event. Otherwise any other byte makes another event.
	OwnIDs bool
	// Hex says that what is in Header is hexadecimal and may be of either case.
	Hex bool

	// Payloads are bodies as the vendor sends them, by name, one for each kind of
	// event at least.
	Payloads map[string][]byte
	// Unknown is a body whose event is new to the package.
	Unknown []byte
	// Canaries are texts in Payloads that must not leave in any encoding, log or
	// answer. Optional.
	Canaries []string
}

// Placeholder stands for the credential in the bodies of a vendor that sends it
// there.
const Placeholder = "{{credential}}"

// Run runs every check as a subtest of t.
func Run(t *testing.T, v Vendor) {
	t.Helper()
	if err := v.complete(); err != nil {
		t.Fatal(err)
	}
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			if err := c.run(v); err != nil {
				t.Error(err)
			}
		})
	}
}

// Check runs every check and returns what failed, joined. It is Run without a
// testing.T.
func Check(v Vendor) error {
	if err := v.complete(); err != nil {
		return err
	}
	var errs []error
	for _, c := range checks {
		if err := c.run(v); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", c.name, err))
		}
	}
	return errors.Join(errs...)
}

var checks = []struct {
	name string
	run  func(Vendor) error
}{
	{"accepts genuine requests", acceptsGenuine},
	{"accepts every credential of a rotation", acceptsRotation},
	{"refuses another credential", refusesOther},
	{"refuses a missing credential", refusesMissing},
	{"refuses a repeated credential", refusesRepeated},
	{"refuses a damaged credential", refusesDamaged},
	{"accepts hex of either case", acceptsHexCase},
	{"refuses one flipped bit anywhere in a signed body", refusesFlippedBits},
	{"refuses weak credentials at construction", refusesWeak},
	{"swaps verifiers", swapsVerifiers},
	{"answers every method but POST with 405", refusesMethods},
	{"refuses a content encoding", refusesEncoding},
	{"bounds the body in size", boundsSize},
	{"bounds the body in time", boundsTime},
	{"refuses what is no JSON object", refusesNoObject},
	{"bounds nesting", boundsNesting},
	{"accepts an unknown event", acceptsUnknown},
	{"tolerates drifted fields", toleratesDrift},
	{"tolerates new members", toleratesNewMembers},
	{"encodes what it accepts and decodes it back", roundTrips},
	{"answers for its callback", answersForCallback},
	{"offers the event and the body to middleware", middleware},
	{"agrees with itself", agrees},
	{"keeps secrets", keepsSecrets},
}

func (v Vendor) complete() error {
	switch {
	case v.New == nil, v.NewVerifier == nil, v.NewRequest == nil, v.Decode == nil:
		return errors.New("verifytest: New, NewVerifier, NewRequest and Decode are required")
	case len(v.Payloads) == 0 || len(v.Unknown) == 0:
		return errors.New("verifytest: Payloads and Unknown are required")
	case v.Credentials[0] == v.Credentials[1] || v.Credentials[1] == v.Credentials[2] || v.Credentials[0] == v.Credentials[2]:
		return errors.New("verifytest: Credentials must differ")
	case v.Hex && v.Header == "" || v.Signed && v.Header == "":
		return errors.New("verifytest: Hex and Signed need a Header")
	}
	return nil
}
