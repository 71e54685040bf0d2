package envsecret_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/envsecret"
)

// Each warning, for a key and for a user and password.
func TestWarnings(t *testing.T) {
	const (
		quoted    = "X: entry 1 begins or ends with a quotation mark, which counts as part of it"
		signature = "X: entry 1 begins with sha256=, as a signature does"
		header    = "X: entry 1 begins with Basic or Bearer, as a header does"
		place     = "X: entry 1 names a place where a secret is kept, and is taken for the secret"
		template  = "X: entry 1 has a placeholder that was not filled in"
		lineEnd   = `X: entry 1 has \n or \r as two characters, which do not end a line`
		url       = "X: entry 1 is a URL, and only its user:password is wanted"
		percent   = "X: entry 1 is percent-encoded as in a URL, and is not decoded"
		short     = "X: the password of entry 1 has fewer than 16 bytes and can be guessed"
	)
	for value, want := range map[string]struct{ key, pair []string }{
		"user:canary-012345678":             {},
		"user:canary'sha256=basic <x> #$%2": {},
		`"user:canary-0123456789abc"`:       {[]string{quoted}, []string{quoted}},
		"'user:canary-0123456789abc'":       {[]string{quoted}, []string{quoted}},
		"“user:canary-0123456789abc”":       {[]string{quoted}, []string{quoted}},
		"user:'canary-0123456789abc":        {nil, []string{quoted}},
		"sha256=user:canary-0123456789abc":  {[]string{signature}, []string{signature}},
		"user:SHA256=canary-0123456789abc":  {nil, []string{signature}},
		"Basic user:canary-0123456789abc":   {[]string{header}, []string{header}},
		"bearer user:canary-0123456789abc":  {[]string{header}, []string{header}},
		"env:CANARY_RELOCK_SECRET":          {[]string{place}, []string{place}},
		"user:vault:secret/canary/relock":   {nil, []string{place}},
		"user:${CANARY_SECRET}":             {[]string{template}, []string{template}},
		"user:$(cat /run/canary)":           {[]string{template}, []string{template}},
		"user:{{ .Values.canary }}":         {[]string{template}, []string{template}},
		"user:<your canary secret>":         {nil, []string{template}},
		`user:canary-0123456789abc\n`:       {[]string{lineEnd}, []string{lineEnd}},
		"https://user:canary@host.example":  {nil, []string{url}},
		"user:canary-0123%2F4567":           {nil, []string{percent}},
		"user:canary-01234567":              {nil, []string{short}},
		"a-user-that-is-long:canary":        {nil, []string{short}},
		"'user:${canary%40'":                {[]string{quoted, template}, []string{quoted, template, percent, short}},
	} {
		for pairs, want := range map[bool][]string{false: want.key, true: want.pair} {
			t.Run(fmt.Sprint(value, pairs), func(t *testing.T) {
				values, err := envsecret.Variable{Name: "X", Pairs: pairs, LookupEnv: environment(map[string]string{"X": value})}.Read()
				require.NoError(t, err)
				assert.Equal(t, want, values.Warnings)
			})
		}
	}
}

// The number of warnings does not grow with the number of entries.
func TestWarningsNameTheFirstEntry(t *testing.T) {
	file := writeFile(t, "user:canary-0123456789abc\nuser:canary\n'user:canary'\nuser:canary\n'user:canary'\n")
	values, err := envsecret.Variable{Name: "X", Pairs: true, LookupEnv: environment(map[string]string{"X_FILE": file})}.Read()
	require.NoError(t, err)
	assert.Equal(t, []string{
		"X_FILE: entry 3 begins or ends with a quotation mark, which counts as part of it",
		"X_FILE: the password of entry 2 has fewer than 16 bytes and can be guessed",
	}, values.Warnings)
}
