package vendors_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/examples/internal/vendors"
	"github.com/accesshook/accesshook/verify"
)

// credentials are accepted by the endpoint of every vendor.
var credentials = envsecret.Values{
	Secrets:     event.Secrets("0c6f1b7e-52a4-4d3b-9e8f-7a61c2d4e5f0"),
	Credentials: []verify.Credential{verify.NewCredential("gate", "a-long-enough-password")},
}

// Each vendor's own endpoint accepts its requests, and there is one for every event that
// it documents.
func TestPayloads(t *testing.T) {
	now := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	for _, v := range vendors.All {
		t.Run(v.Name, func(t *testing.T) {
			named, ok := vendors.Named(v.Name)
			require.True(t, ok)
			assert.Equal(t, v.Path(), named.Path())
			assert.Equal(t, "/webhooks/"+v.Name, v.Path())

			hook, err := v.New(credentials, verify.Config{})
			require.NoError(t, err)
			got := make(map[string]event.Type)
			for _, payload := range v.Payloads(now) {
				r, err := v.Request(t.Context(), "http://gateway"+v.Path(), credentials, payload)
				require.NoError(t, err)
				e, err := hook.Receive(httptest.NewRecorder(), r)
				require.NoError(t, err)
				assert.Empty(t, e.Warnings)
				assert.True(t, e.Time.Equal(now))
				got[e.VendorType] = e.Type
			}
			if diff := cmp.Diff(v.Types(), got); diff != "" {
				t.Errorf("events (-documented +played):\n%s", diff)
			}
		})
	}
}

func TestRequestNeedsACredential(t *testing.T) {
	for _, v := range vendors.All {
		_, err := v.Request(t.Context(), "http://gateway", envsecret.Values{}, []byte("{}"))
		assert.EqualError(t, err, "no credential to send with", v.Name)
	}
}

func TestNamed(t *testing.T) {
	_, ok := vendors.Named("rellock")
	assert.False(t, ok)
}

func TestRandomGUID(t *testing.T) {
	one := vendors.RandomGUID()
	assert.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, one)
	assert.NotEqual(t, one, vendors.RandomGUID())
}
