package loginradius_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/verify"
)

func TestPublishedNetworks(t *testing.T) {
	_, err := time.Parse(time.DateOnly, loginradius.PublishedNetworksDate)
	require.NoError(t, err)
	networks := loginradius.PublishedNetworks()
	networks[0] = "127.0.0.1"
	assert.NotEqual(t, networks[0], loginradius.PublishedNetworks()[0], "a copy")
	hook, err := loginradius.New(loginradius.Config{
		Secrets:  event.Secrets("a secret for tests of networks"),
		Endpoint: verify.Config{AllowFrom: loginradius.PublishedNetworks()},
	})
	require.NoError(t, err)
	for _, address := range loginradius.PublishedNetworks() {
		r := httptest.NewRequest("POST", "/", nil)
		r.RemoteAddr = address + ":4711"
		_, err := hook.Check(r, nil)
		assert.ErrorIs(t, err, verify.ErrNoCredential, address)
	}
	r := httptest.NewRequest("POST", "/", nil)
	r.RemoteAddr = "54.92.157.148:4711"
	_, err = hook.Check(r, nil)
	assert.ErrorIs(t, err, verify.ErrForbidden)
}
