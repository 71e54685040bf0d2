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

// key reads and writes itself by its fields: neither calls the other for ever.
type key struct {
	ID    string                     `json:"id"`
	Next  *key                       `json:"next,omitzero"`
	Extra map[string]json.RawMessage `json:",embed"`
}

func (k key) MarshalJSON() ([]byte, error) { return verify.Marshal(k) }

func (k *key) UnmarshalJSON(body []byte) error {
	_, err := verify.Unmarshal(body, k)
	return err
}

func TestMarshalOfATypeWithMethods(t *testing.T) {
	const body = `{"id":"k-1","next":{"id":"k-2","worn":true},"cut":3}`
	var k key
	require.NoError(t, json.Unmarshal([]byte(body), &k))
	assert.Equal(t, "k-2", k.Next.ID)
	got, err := verify.Marshal(k)
	require.NoError(t, err)
	assert.Equal(t, body, string(got))
	got, err = json.Marshal(k)
	require.NoError(t, err)
	assert.Equal(t, body, string(got))
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
