package convert_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/convert"
)

// IDs are frozen: stores hold them.
const (
	ofNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	ofABC     = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
)

func TestID(t *testing.T) {
	assert.Equal(t, ofNothing, convert.ID(nil))
	assert.Equal(t, ofNothing, convert.ID([]byte{}))
	assert.Equal(t, ofABC, convert.ID([]byte("abc")))
	assert.NotEqual(t, convert.ID([]byte(`{"a":1}`)), convert.ID([]byte(`{"a": 1}`)), "of the bytes, not of what they mean")
}

func TestIDOf(t *testing.T) {
	abc := []byte("abc")
	tests := map[string]struct {
		parts [][]byte
		want  string
	}{
		"no parts":     {nil, ofNothing},
		"empty parts":  {[][]byte{nil, {}}, ofNothing},
		"one part":     {[][]byte{abc}, ofABC},
		"two parts":    {[][]byte{abc[:1], abc[1:]}, ofABC},
		"empty inside": {[][]byte{nil, abc[:2], nil, abc[2:], {}}, ofABC},
		"order counts": {[][]byte{abc[1:], abc[:1]}, convert.ID([]byte("bca"))},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tt.want, convert.IDOf(tt.parts...)) })
	}
}

func TestIDOfConcurrently(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 8 {
		body := bytes.Repeat([]byte{byte(i)}, 1000)
		sum := sha256.Sum256(body)
		want := hex.EncodeToString(sum[:])
		wg.Go(func() {
			for n := range 200 {
				assert.Equal(t, want, convert.IDOf(body[:n], body[n:]))
			}
			assert.Equal(t, want, convert.ID(body))
		})
	}
	wg.Wait()
}

func TestAddress(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"IPv4":                      {"192.0.2.1", "192.0.2.1"},
		"IPv4 with port":            {"192.0.2.1:8080", "192.0.2.1"},
		"IPv6":                      {"2001:db8::1", "2001:db8::1"},
		"IPv6 in capitals":          {"2001:DB8::A", "2001:db8::a"},
		"IPv6 with port":            {"[2001:db8::1]:443", "2001:db8::1"},
		"mapped":                    {"::ffff:192.0.2.1", "192.0.2.1"},
		"mapped with port":          {"[::ffff:192.0.2.1]:80", "192.0.2.1"},
		"zone":                      {"fe80::1%eth0", "fe80::1"},
		"zone with port":            {"[fe80::1%eth0]:80", "fe80::1"},
		"empty":                     {"", ""},
		"name":                      {"localhost", ""},
		"name with port":            {"localhost:80", ""},
		"MAC":                       {"00:00:5e:00:53:01", ""},
		"prefix":                    {"192.0.2.0/24", ""},
		"white space":               {" 192.0.2.1", ""},
		"several":                   {"192.0.2.1, 192.0.2.2", ""},
		"octal":                     {"192.0.02.1", ""},
		"number too large":          {"192.0.2.256", ""},
		"port too large":            {"192.0.2.1:65536", ""},
		"port that is a name":       {"192.0.2.1:http", ""},
		"IPv6 without brackets":     {"2001:db8:0:0:0:0:0:1:443", ""},
		"unspecified is an address": {"0.0.0.0", "0.0.0.0"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var want netip.Addr
			if tt.want != "" {
				want = netip.MustParseAddr(tt.want)
			}
			assert.Equal(t, want, convert.Address(tt.text))
		})
	}
}

func TestCountryCode(t *testing.T) {
	for text, want := range map[string]string{
		"NO": "NO", "no": "NO", "nO": "NO", "AZ": "AZ", "za": "ZA",
		"": "", "N": "", "NOR": "", "Norway": "", "N ": "", " N": "", "N1": "", "1N": "", "47": "", "@A": "", "A[": "", "`a": "", "a{": "",
		"é": "", "\x81\x81": "", "--": "",
	} {
		assert.Equal(t, want, convert.CountryCode(text), "%q", text)
	}
}

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
