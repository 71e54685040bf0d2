package credential_test

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/credential"
)

func TestCheck(t *testing.T) {
	var masked event.Secret
	require.NoError(t, masked.UnmarshalText([]byte("[redacted]")))
	text := strings.Repeat("k", 16)
	for name, c := range map[string]struct {
		secret event.Secret
		min    int
		want   string // "" if it is accepted
	}{
		"text":                 {event.NewSecret(text), 16, ""},
		"15 bytes":             {event.NewSecret(text[1:]), 16, "f has fewer than 16 bytes"},
		"any length":           {event.NewSecret("k"), 0, ""},
		"inner space":          {event.NewSecret("correct horse battery"), 16, ""},
		"zero":                 {event.Secret{}, 0, "f is empty"},
		"masked":               {masked, 0, "f is masked"},
		"space at the end":     {event.NewSecret(text + " "), 16, "f has white space"},
		"zero width at end":    {event.NewSecret(text + "\u200b"), 16, "f has white space"},
		"newline":              {event.NewSecret(text + "\n"), 16, "f has white space"},
		"NUL":                  {event.NewSecret(text + "\x00" + text), 16, "f has a control character"},
		"short and blank":      {event.NewSecret(" "), 16, "f has white space"},
		"binary":               {event.NewSecretBytes([]byte("\n" + text[:14] + " ")), 16, ""},
		"binary with controls": {event.NewSecretBytes([]byte(text + "\x00\x1b\r\n")), 16, ""},
		"binary of 15 bytes":   {event.NewSecretBytes([]byte(text[1:])), 16, "f has fewer than 16 bytes"},
		"only zeros":           {event.NewSecretBytes(make([]byte, 32)), 16, "f has only zero bytes"},
	} {
		err := credential.Check("f", c.secret, c.min)
		if c.want == "" {
			assert.NoError(t, err, name)
			continue
		}
		assert.ErrorContains(t, err, c.want, name)
		assert.NotContains(t, err.Error(), "kkk", name)
	}
}

func TestCheckBinaryKeys(t *testing.T) {
	for range 1000 {
		key := make([]byte, 32)
		_, _ = rand.Read(key)
		require.NoError(t, credential.Check("f", event.NewSecretBytes(key), credential.MinKey))
	}
}

func TestSumOfNoBase64(t *testing.T) {
	for _, text := range []string{"a", "a:b", "YTpi=", "YTpiYw"} {
		_, err := credential.SumBase64(text)
		assert.Error(t, err, text)
	}
}

func TestSum(t *testing.T) {
	for _, text := range []string{"", "a", strings.Repeat("a", 224), strings.Repeat("a", 225), strings.Repeat("a", 5000)} {
		assert.Equal(t, credential.Sum(text), credential.Sum([]byte(text)))
		assert.NotEqual(t, credential.Digest(sha256.Sum256([]byte(text))), credential.Sum(text), "anyone who sees it could test passwords")
		assert.NotEqual(t, credential.Sum(text+"a"), credential.Sum(text))
		decoded, err := credential.SumBase64(base64.StdEncoding.EncodeToString([]byte(text)))
		require.NoError(t, err)
		assert.Equal(t, credential.Sum(text), decoded)
	}
}
