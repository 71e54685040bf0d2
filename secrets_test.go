package accesshook_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/secrettest"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"
	"github.com/accesshook/accesshook/verify"
)

// No printer and no encoder shows the credentials of a configuration, of a verifier
// or of an endpoint, wherever it stands.
func TestCredentialsAreHidden(t *testing.T) {
	const (
		key      = "canary-7355608-of-a-signature"
		binary   = "\x00\xff\x1bcanary\n binary key\x80"
		id       = "7C9E6679-7425-40DE-944B-E07FC1F90AE7"
		plainID  = "7c9e6679742540de944be07fc1f90ae7"
		password = "swordfish"
	)
	secrets := append(event.Secrets(key), event.NewSecretBytes([]byte(binary)))
	account := verify.NewCredential("gate", password)
	normalize := func(dst, text []byte) ([]byte, bool) { return append(dst, text...), true }
	hmac := verify.SignedConfig{Header: "X-Signature", Secrets: secrets}
	bodyID := verify.BodyIDConfig{IDs: event.Secrets(id), Normalize: normalize}

	sign, err := verify.NewSigned(hmac)
	require.NoError(t, err)
	basic, err := verify.NewBasicAuth(account)
	require.NoError(t, err)
	bearer, err := verify.NewBearer(secrets...)
	require.NoError(t, err)
	ids, err := verify.NewBodyID(bodyID)
	require.NoError(t, err)
	server, err := userlock.NewVerifier(event.NewSecret(id))
	require.NoError(t, err)
	gate, err := unloc.NewVerifier(account)
	require.NoError(t, err)
	all := verify.AllOf(sign, basic, bearer, ids)
	endpoint := verify.Config{Also: all}
	hook, err := loginradius.New(loginradius.Config{Secrets: secrets, Endpoint: endpoint})
	require.NoError(t, err)

	for name, v := range map[string]any{
		"event.Secret":         secrets[0],
		"binary":               secrets[1],
		"relock.Config":        relock.Config{Secrets: secrets, Endpoint: endpoint},
		"loginradius.Config":   loginradius.Config{Secrets: secrets, Endpoint: endpoint},
		"userlock.Config":      userlock.Config{IDs: event.Secrets(id), Endpoint: endpoint},
		"unloc.Config":         unloc.Config{Credentials: []verify.Credential{account}, Endpoint: endpoint},
		"verify.Credential":    account,
		"verify.SignedConfig":  hmac,
		"verify.BodyIDConfig":  bodyID,
		"verify.Config":        endpoint,
		"HMAC":                 sign,
		"BasicAuth":            basic,
		"Bearer":               bearer,
		"BodyID":               ids,
		"AllOf":                all,
		"AnyOf":                verify.AnyOf(sign, basic, bearer, ids),
		"verifier of userlock": server,
		"verifier of unloc":    gate,
		"endpoint":             hook,
		"definition":           verify.Definition{Vendor: "acme", Verifier: all, Config: endpoint},
	} {
		t.Run(name, func(t *testing.T) {
			secrettest.AssertHidden(t, v, key, binary, id, plainID, password, "gate:"+password)
		})
	}
	// What has been used holds no more than what has not.
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	for range 3 {
		_, _ = hook.Check(r, []byte("{}"))
		_, _ = all.Verify(r, []byte("{}"))
	}
	secrettest.AssertHidden(t, hook, key, binary, id, plainID, password, "gate:"+password)
	secrettest.AssertHidden(t, all, key, binary, id, plainID, password, "gate:"+password)
}
