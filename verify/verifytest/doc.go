// Package verifytest tests a vendor of your own as it tests the vendors of this module.
// The endpoint must refuse what is not genuine, limit what is not yet authenticated,
// tolerate what the vendor may come to send, lose nothing, and show no secret. One test
// runs it all:
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
//			Hex:         true,
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
// The tests send real requests to a server on the loopback interface. They do not know
// what the vendor means by its events: test your mapping yourself.
package verifytest
