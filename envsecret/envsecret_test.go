package envsecret_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

// Every secret of the tests contains the word canary.

func writeFile(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "canary")
	require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	return name
}

func environment(variables map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { v, ok := variables[name]; return v, ok }
}

func TestRead(t *testing.T) {
	for name, test := range map[string]struct {
		env    map[string]string
		want   []event.Secret
		source string
	}{
		"not set":             {},
		"one":                 {map[string]string{"X": "a"}, event.Secrets("a"), "X"},
		"several":             {map[string]string{"X": "a:b,c"}, event.Secrets("a:b", "c"), "X"},
		"nothing is trimmed":  {map[string]string{"X": " a,b "}, event.Secrets(" a", "b "), "X"},
		"# in a variable":     {map[string]string{"X": "#a,b#"}, event.Secrets("#a", "b#"), "X"},
		"file, CRLF":          {map[string]string{"X_FILE": writeFile(t, "one,with,commas\r\ntwo\r\n")}, event.Secrets("one,with,commas", "two"), "X_FILE"},
		"file, no final end":  {map[string]string{"X_FILE": writeFile(t, " three\nfour#")}, event.Secrets(" three", "four#"), "X_FILE"},
		"# within a line":     {map[string]string{"X_FILE": writeFile(t, "one # two\n")}, event.Secrets("one # two"), "X_FILE"},
		"another one is set":  {env: map[string]string{"Y": "a"}},
		"CR within a line":    {map[string]string{"X_FILE": writeFile(t, "a\rb\r\r\n")}, event.Secrets("a\rb\r"), "X_FILE"},
		"letter case matters": {env: map[string]string{"x": "a"}},
	} {
		t.Run(name, func(t *testing.T) {
			values, err := envsecret.Variable{Name: "X", LookupEnv: environment(test.env)}.Read()
			require.NoError(t, err)
			assert.Equal(t, test.source, values.Source)
			if diff := cmp.Diff(test.want, values.Secrets); diff != "" {
				t.Errorf("secrets (-want +got):\n%s", diff)
			}
			assert.Nil(t, values.Credentials)
		})
	}
}

func TestReadPairs(t *testing.T) {
	values, err := envsecret.Variable{Name: "X", Pairs: true, LookupEnv: environment(map[string]string{"X": "gate:a:b,door:"})}.Read()
	require.NoError(t, err)
	want := []verify.Credential{verify.NewCredential("gate", "a:b"), verify.NewCredential("door", "")}
	if diff := cmp.Diff(want, values.Credentials); diff != "" {
		t.Errorf("credentials (-want +got):\n%s", diff)
	}
	assert.Nil(t, values.Secrets)
}

func TestReadOfTheProcessEnvironment(t *testing.T) {
	t.Setenv("ENVSECRET_TEST", "canary")
	values, err := envsecret.Variable{Name: "ENVSECRET_TEST"}.Read()
	require.NoError(t, err)
	assert.Equal(t, "ENVSECRET_TEST", values.Source)
	assert.Len(t, values.Secrets, 1)
}

func TestReadRefuses(t *testing.T) {
	file := func(text string) map[string]string { return map[string]string{"X_FILE": writeFile(t, text)} }
	variable := func(text string) map[string]string { return map[string]string{"X": text} }
	for name, test := range map[string]struct {
		env  map[string]string
		want string
	}{
		"both":                {map[string]string{"X": "user:canary", "X_FILE": writeFile(t, "user:canary")}, "X and X_FILE are both set"},
		"both, one is empty":  {map[string]string{"X": "", "X_FILE": writeFile(t, "user:canary")}, "X and X_FILE are both set"},
		"empty":               {variable(""), "X: entry 1 is empty"},
		"empty entry":         {variable("user:canary,,user:canary"), "X: entry 2 is empty"},
		"comma at the end":    {variable("user:canary,"), "X: entry 2 is empty"},
		"no colon":            {variable("user:canary,canary"), "X: entry 2 has no colon between user and password"},
		"no colon in a file":  {file("canary\n"), "X_FILE: entry 1 has no colon between user and password"},
		"empty file":          {file(""), "X_FILE: entry 1 is empty"},
		"blank line":          {file("user:canary\n\nuser:canary\n"), "X_FILE: entry 2 is empty"},
		"blank line, CRLF":    {file("user:canary\r\n\r\nuser:canary\r\n"), "X_FILE: entry 2 is empty"},
		"blank line at end":   {file("user:canary\n\n"), "X_FILE: entry 2 is empty"},
		"comment":             {file("user:canary\n# canary: rotated 2026-11\nuser:canary\n"), "X_FILE: entry 2 begins with #: there are no comments, and anybody could guess such a secret"},
		"no such file":        {map[string]string{"X_FILE": filepath.Join(t.TempDir(), "canary")}, "X_FILE: cannot read the file: no such file or directory"},
		"empty path":          {map[string]string{"X_FILE": ""}, "X_FILE: cannot read the file: no such file or directory"},
		"content, not a path": {map[string]string{"X_FILE": "canary\n/canary"}, "X_FILE: cannot read the file: no such file or directory"},
		"large file":          {file(strings.Repeat("canary:0\n", 1<<17)), "X_FILE: cannot read the file: it has more than 1048576 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			values, err := envsecret.Variable{Name: "X", Pairs: true, LookupEnv: environment(test.env)}.Read()
			require.EqualError(t, err, test.want)
			assert.Equal(t, envsecret.Values{}, values)
		})
	}
}

func TestValuesHideSecrets(t *testing.T) {
	for _, pairs := range []bool{false, true} {
		values, err := envsecret.Variable{Name: "X", Pairs: pairs, LookupEnv: environment(map[string]string{"X": "'user:canary%20'"})}.Read()
		require.NoError(t, err)
		require.NotEmpty(t, values.Warnings)
		assert.NotContains(t, fmt.Sprintf("%v %+v %#v %q", values, values, values, values), "canary")
	}
}

func TestKeys(t *testing.T) {
	a, b := []byte("\xfb\xff\xfe3456789abcdef0123456789abcdef"), []byte(strings.Repeat("b", 32))
	require.Len(t, a, 32)
	values, err := envsecret.Variable{Name: "X", KeySize: 32, LookupEnv: environment(map[string]string{"X": strings.Join([]string{
		hex.EncodeToString(a), strings.ToUpper(hex.EncodeToString(a)),
		base64.StdEncoding.EncodeToString(a), base64.RawStdEncoding.EncodeToString(a),
		base64.URLEncoding.EncodeToString(a), base64.RawURLEncoding.EncodeToString(a),
		hex.EncodeToString(b),
	}, ",")})}.Read()
	require.NoError(t, err)
	key := event.NewSecretBytes(a)
	if diff := cmp.Diff([]event.Secret{key, key, key, key, key, key, event.NewSecretBytes(b)}, values.Secrets); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	assert.Empty(t, values.Warnings)
}

func TestKeysRefused(t *testing.T) {
	good := strings.Repeat("a", 64)
	for name, bad := range map[string]string{
		"text": "canary", "31 bytes": base64.StdEncoding.EncodeToString(make([]byte, 31)), "33 bytes": base64.StdEncoding.EncodeToString(make([]byte, 33)),
		"not hex": strings.Repeat("canary!!", 8), "no zero bits at the end": strings.Repeat("a", 42) + "b", "quoted": `"` + good + `"`,
	} {
		values, err := envsecret.Variable{Name: "X", KeySize: 32, LookupEnv: environment(map[string]string{"X": good + "," + bad})}.Read()
		require.EqualError(t, err, "X: entry 2 is not 32 bytes in hex or base64", name)
		assert.Equal(t, envsecret.Values{}, values)
	}
}
