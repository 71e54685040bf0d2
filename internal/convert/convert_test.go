package convert_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/convert"
)

func TestBody(t *testing.T) {
	type payload struct {
		PIN  event.Secret    `json:"pin"`
		Name string          `json:"name"`
		Raw  json.RawMessage `json:"raw,omitzero"`
	}
	tests := map[string]struct {
		payload any
		want    string
	}{
		"bytes":       {[]byte(" {not JSON"), " {not JSON"},
		"raw":         {json.RawMessage(` {"a": 1}`), ` {"a": 1}`},
		"struct":      {payload{PIN: event.NewSecret("4711"), Name: "<é>"}, `{"pin":"4711","name":"<é>"}`},
		"pointer":     {&payload{PIN: event.NewSecret("4711"), Raw: json.RawMessage(`1.50`)}, `{"pin":"4711","name":"","raw":1.50}`},
		"map":         {map[string]any{"b": event.NewSecret("4711"), "a": 1}, `{"a":1,"b":"4711"}`},
		"empty bytes": {[]byte{}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := convert.Body(tt.payload)
			require.NoError(t, err)
			assert.Equal(t, tt.want, string(got))
		})
	}
	for _, no := range []any{func() {}, nil, (*payload)(nil), `{"pin":"4711"}`, []string{"4711"}} {
		got, err := convert.Body(no)
		require.Error(t, err, "%T", no)
		assert.NotContains(t, err.Error(), "4711")
		assert.Nil(t, got)
	}
}

func TestPost(t *testing.T) {
	type key struct{}
	ctx := context.WithValue(t.Context(), key{}, "value")
	body := []byte(`{"a":1}`)
	r, err := convert.Post(ctx, "https://example.com/hook?a=b", body)
	require.NoError(t, err)
	assert.Equal(t, http.MethodPost, r.Method)
	assert.Equal(t, "https://example.com/hook?a=b", r.URL.String())
	assert.Equal(t, "application/json", r.Header.Get("Content-Type"))
	assert.EqualValues(t, len(body), r.ContentLength)
	assert.Equal(t, "value", r.Context().Value(key{}))

	got, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	assert.Equal(t, body, got)
	for range 2 {
		again, err := r.GetBody()
		require.NoError(t, err)
		got, err := io.ReadAll(again)
		require.NoError(t, err)
		assert.Equal(t, body, got)
	}
}

func TestPostErrors(t *testing.T) {
	_, err := convert.Post(t.Context(), "://", nil)
	assert.Error(t, err)
}
