package main

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
)

func TestRawKeys(t *testing.T) {
	a := []byte("\xfb\xff\xfe3456789abcdef0123456789abcdef")
	b := []byte(strings.Repeat("b", 32))
	require.Len(t, a, 32)
	newA := event.NewSecretBytes(a)
	values := strings.Join([]string{
		hex.EncodeToString(a), strings.ToUpper(hex.EncodeToString(a)),
		base64.StdEncoding.EncodeToString(a), base64.RawStdEncoding.EncodeToString(a),
		base64.URLEncoding.EncodeToString(a), base64.RawURLEncoding.EncodeToString(a),
		hex.EncodeToString(b),
	}, ",")
	keys, err := environment(func(name string) (string, bool) { return values, name == "RAW_KEYS" }).rawKeys()
	require.NoError(t, err)
	if diff := cmp.Diff([]event.Secret{newA, newA, newA, newA, newA, newA, event.NewSecretBytes(b)}, keys); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}

	keys, err = environment(noEnvironment).rawKeys()
	require.NoError(t, err)
	assert.Empty(t, keys)
}
