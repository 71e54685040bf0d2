package relock_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/verify"
)

func TestConfig(t *testing.T) {
	_, err := relock.New(relock.Config{})
	assert.EqualError(t, err, "relock: Config.Secrets is empty")
	_, err = relock.New(relock.Config{Secrets: event.Secrets("good secret of tests", "bad\n")})
	assert.ErrorContains(t, err, "relock: Config.Secrets[1] has white space")
	_, err = relock.New(relock.Config{Secrets: event.Secrets("fifteen-bytes-x")})
	assert.EqualError(t, err, "relock: Config.Secrets[0] has fewer than 16 bytes")
	v, err := relock.NewVerifier(event.NewSecret(""))
	assert.EqualError(t, err, "relock: secrets[0] is empty")
	assert.Nil(t, v)
	_, err = relock.New(relock.Config{Secrets: event.Secrets("good secret of tests"), Endpoint: verify.Config{Name: "a b"}})
	assert.ErrorContains(t, err, "Name")
}
