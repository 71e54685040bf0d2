package verify_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

// Move a vendor from a token to a signature: both are accepted meanwhile.
func ExampleAnyOf() {
	v, err := tokenOrSignature("the old token of the vendor", "the new secret of the vendor")
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/webhooks/acme", nil)
	r.Header.Set("Authorization", "Bearer the old token of the vendor")
	fmt.Println(v.Verify(r, []byte("{}")))
	r.Header.Del("Authorization")
	r.Header.Set("X-Signature", "6a24fb541a1d030f19b01dc6ce067b28e97af020d916b46277f7de8feba93c87")
	fmt.Println(v.Verify(r, []byte("{}")))
	// Output:
	// token 1 <nil>
	// secret 1 <nil>
}

func tokenOrSignature(token, secret string) (verify.Verifier, error) {
	bearer, err := verify.NewBearer(event.NewSecret(token))
	if err != nil {
		return nil, err
	}
	signature, err := verify.NewSigned(verify.SignedConfig{Header: "X-Signature", Secrets: event.Secrets(secret)})
	if err != nil {
		return nil, err
	}
	return verify.AnyOf(signature, bearer), nil // a migration: take the token out when the vendor signs
}
