package verifytest_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/verify"
	"github.com/accesshook/accesshook/verify/verifytest"
)

// TestFifthVendor shows that public API is enough for a vendor of one's own.
func TestFifthVendor(t *testing.T) { verifytest.Run(t, door()) }

func TestCheck(t *testing.T) {
	require.NoError(t, verifytest.Check(door()))

	v := verifying(func(v verify.Verifier) verify.Verifier { return always{} })
	err := verifytest.Check(v)
	for _, name := range []string{"refuses another credential", "refuses a damaged credential", "keeps secrets"} {
		assert.ErrorContains(t, err, name+": ")
	}
	assert.NotContains(t, err.Error(), "bounds the body")
}

func TestCheckWantsWhatItNeeds(t *testing.T) {
	const required, window = "NewRequest and Decode are required", "Window and NewRequestAt need each other"
	for name, c := range map[string]struct {
		vendor verifytest.Vendor
		change func(*verifytest.Vendor)
		want   string
	}{
		"no New":           {door(), func(v *verifytest.Vendor) { v.New = nil }, required},
		"no NewVerifier":   {door(), func(v *verifytest.Vendor) { v.NewVerifier = nil }, required},
		"no NewRequest":    {door(), func(v *verifytest.Vendor) { v.NewRequest = nil }, required},
		"no Decode":        {door(), func(v *verifytest.Vendor) { v.Decode = nil }, required},
		"no Payloads":      {door(), func(v *verifytest.Vendor) { v.Payloads = nil }, "Payloads and Unknown are required"},
		"no Unknown":       {door(), func(v *verifytest.Vendor) { v.Unknown = nil }, "Payloads and Unknown are required"},
		"equal":            {door(), func(v *verifytest.Vendor) { v.Credentials[1] = v.Credentials[0] }, "Credentials must differ"},
		"no Header":        {door(), func(v *verifytest.Vendor) { v.Header = "" }, "Hex, Signed and Separator need a Header"},
		"not Signed":       {slack.vendor(), func(v *verifytest.Vendor) { v.Signed = false }, "SignedHeaders and Window need Signed"},
		"no Window":        {slack.vendor(), func(v *verifytest.Vendor) { v.Window = 0 }, window},
		"no NewRequestAt":  {slack.vendor(), func(v *verifytest.Vendor) { v.NewRequest, v.NewRequestAt = doorRequest, nil }, window},
		"a short Window":   {slack.vendor(), func(v *verifytest.Vendor) { v.Window = time.Second }, "Window is less than 10 seconds"},
		"a wrong name":     {gitHub.vendor(), func(v *verifytest.Vendor) { v.Headers["opend"] = nil }, `Headers has "opend", and Payloads has not`},
		"signed, unsigned": {gitHub.vendor(), func(v *verifytest.Vendor) { v.SignedHeaders = []string{"x-github-event"} }, "X-Github-Event is in Headers, and in SignedHeaders or Header"},
		"no such header":   {door(), func(v *verifytest.Vendor) { v.SignedHeaders = []string{"X-Door-Id"} }, "NewRequest sets no header X-Door-Id"},
	} {
		c.change(&c.vendor)
		assert.ErrorContains(t, verifytest.Check(c.vendor), c.want, name)
	}
}

func TestCheckSaysWhyNewRequestFails(t *testing.T) {
	v := door()
	v.NewRequest = func(context.Context, string, string, []byte) (*http.Request, error) { return nil, errors.New("no key") }
	assert.ErrorContains(t, verifytest.Check(v), "accepts genuine requests: closed: making a request: no key")
}
