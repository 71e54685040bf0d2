// Package verifytest checks that a vendor's endpoint keeps the promises that all
// endpoints make: it refuses what is not genuine, limits what is not yet verified,
// loses nothing that was verified, and lets no secret out. A vendor package runs it in
// a test of its own:
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
//			Payloads:    map[string][]byte{"door opened": []byte(`{"event":"door.opened"}`)},
//			Unknown:     []byte(`{"event":"never.heard.of"}`),
//		})
//	}
//
// Claim what the vendor offers beyond that, and it is checked too:
//
//   - Window and NewRequestAt: the vendor signs a timestamp.
//   - SignedHeaders: the signature covers headers, such as that of an ID.
//   - Headers: nothing signs a header that the events depend on, such as their kind.
//   - Separator: Header is a list, such as "t=1700000000,v1=…".
//   - Canaries: what in the payloads is secret.
//
// An event may depend on the body and on the headers named here, and on nothing else.
//
// The checks send real requests to a server on the loopback interface. They do not
// know what the vendor's events mean: test the mapping in the vendor package.
package verifytest
