package durable

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/secrettest"
)

func TestSealerHidesItsKeys(t *testing.T) {
	const key = "0123456789\x00bcdefghijklmnopqrstu\xff"
	s, err := newSealer([]event.Secret{event.NewSecretBytes([]byte(key))})
	require.NoError(t, err)
	s.seal(new(event.Event), []byte("{}"))
	secrettest.AssertHidden(t, s, key)
}
