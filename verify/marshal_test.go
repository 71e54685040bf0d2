package verify_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

// What Unmarshal keeps in a map of other members, Marshal writes where it was.
func TestMarshalIsTheInverseOfUnmarshal(t *testing.T) {
	const body = `{"id":"b-1","at":"2026-11-29T10:00:00Z","door":{"n":1},"floor":2}`
	var b Badge
	_, err := verify.Unmarshal([]byte(body), &b)
	require.NoError(t, err)
	assert.Equal(t, json.RawMessage(`{"n":1}`), b.Extra["door"], "what does not fit is kept")

	for _, v := range []any{b, &b} {
		got, err := verify.Marshal(v)
		require.NoError(t, err)
		assert.Equal(t, body, string(got))
		got, err = json.Marshal(v)
		require.NoError(t, err)
		assert.Equal(t, body, string(got))
	}
}

func TestMarshalMasksSecrets(t *testing.T) {
	got, err := verify.Marshal(struct {
		PIN event.Secret `json:"pin"`
	}{event.NewSecret("7355608")})
	require.NoError(t, err)
	assert.Equal(t, `{"pin":"[redacted]"}`, string(got))
}

func TestMarshalFails(t *testing.T) {
	_, err := verify.Marshal(struct {
		Extra map[string]json.RawMessage `json:",embed"`
	}{map[string]json.RawMessage{"a": json.RawMessage(`{`)}})
	assert.Error(t, err)
}
