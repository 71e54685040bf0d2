package verify_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

// Headers are read by their grammar (RFC 9110), as senders write them.

func TestContentEncoding(t *testing.T) {
	j := newJournal()
	server := httptest.NewServer(newEndpoint(t, j.config()).Handler(event.NewMux()))
	defer server.Close()
	for name, c := range map[string]struct {
		sent []string
		log  string // "" if it is accepted
	}{
		"none":                    {nil, ""},
		"empty":                   {[]string{""}, ""},
		"identity":                {[]string{"identity"}, ""},
		"Identity":                {[]string{"Identity"}, ""},
		"identity, identity":      {[]string{"identity, identity"}, ""},
		"empty elements":          {[]string{" , identity ,,"}, ""},
		"two lines":               {[]string{"identity", ""}, ""},
		"gzip":                    {[]string{"gzip"}, `"gzip"`},
		"br, gzip":                {[]string{"br, gzip"}, `"br, gzip"`},
		"identity, then gzip":     {[]string{"identity, gzip"}, `"identity, gzip"`},
		"gzip in the second line": {[]string{"identity", "gzip"}, `"gzip"`},
		"no token":                {[]string{"x\tidentity"}, `"x\tidentity"`},
		"control characters":      {[]string{"a\u009b2J\u202eb"}, `"a\u009b2J\u202eb"`},
		"endless":                 {[]string{strings.Repeat("x", 10_000)}, `"` + strings.Repeat("x", 64) + `"`},
	} {
		r := signed(t, server.URL, "{}")
		r.Header["Content-Encoding"] = c.sent
		res, err := server.Client().Do(r)
		require.NoError(t, err, name)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err, name)
		res.Body.Close()
		o, record := j.next(t)
		if c.log == "" {
			assert.Equal(t, 200, res.StatusCode, name)
			continue
		}
		assert.Equal(t, 415, res.StatusCode, name)
		assert.JSONEq(t, `{"error":"unsupported content encoding"}`, string(body), name)
		assert.ErrorIs(t, o.Err, verify.ErrContentEncoding, name)
		assert.Equal(t, "verify: body has a content encoding: "+c.log, record["error"], name)
	}
}

// RFC 9110, 11.4: one or more spaces between the scheme and what follows.
func TestAuthorizationWithSeveralSpaces(t *testing.T) {
	gate, err := verify.NewBasicAuth(verify.NewCredential("gate", "swordfish"))
	require.NoError(t, err)
	token, err := verify.NewBearer(event.NewSecret("a token for tests"))
	require.NoError(t, err)
	hook := newEndpoint(t, verify.Config{})
	server := httptest.NewServer(hook.Handler(event.NewMux()))
	defer server.Close()
	pair := strings.TrimPrefix(basic("gate", "swordfish"), "Basic ")
	for sent, want := range map[string]int{
		"Basic " + pair:              200,
		"Basic  " + pair:             200,
		"basic     " + pair + "  ":   200,
		"Basic\t" + pair:             401,
		"Basic \t" + pair:            401,
		"Basic" + pair:               401,
		"Basic":                      401,
		"Basic ":                     401,
		"Bearer a token for tests":   200,
		"Bearer   a token for tests": 200,
		"Bearer  another":            401,
		"Bearer":                     401,
		"Bearer  ":                   401,
	} {
		hook.SetVerifier(verify.AnyOf(gate, token))
		r := signed(t, server.URL, "{}")
		r.Header.Set("Authorization", sent)
		res, err := server.Client().Do(r)
		require.NoError(t, err)
		res.Body.Close()
		assert.Equal(t, want, res.StatusCode, "%q", sent)
	}
}

// Function services hand over headers with keys in lower case.
func TestHeaderKeysInAnyCase(t *testing.T) {
	gate, err := verify.NewBasicAuth(verify.NewCredential("gate", "swordfish"))
	require.NoError(t, err)
	hook := newEndpoint(t, verify.Config{
		Also:      gate,
		AllowFrom: []string{"198.51.100.7"},
		ClientIP:  verify.XForwardedFor("10.0.0.1"),
	})
	signature, password := sign(testSecret, "{}"), basic("gate", "swordfish")
	for name, c := range map[string]struct {
		header http.Header
		err    error
	}{
		"canonical": {http.Header{sigHeader: {signature}, "Authorization": {password}, "X-Forwarded-For": {"198.51.100.7"}}, nil},
		"lower":     {http.Header{"x-test-signature": {signature}, "authorization": {password}, "x-forwarded-for": {"198.51.100.7"}}, nil},
		"upper":     {http.Header{"X-TEST-SIGNATURE": {signature}, "AUTHORIZATION": {password}, "X-FORWARDED-FOR": {"198.51.100.7"}}, nil},
		"both, the same": {http.Header{sigHeader: {signature}, "x-test-signature": {signature}, "Authorization": {password}, "X-Forwarded-For": {"198.51.100.7"}},
			verify.ErrBadCredential},
		"neither canonical": {http.Header{"x-test-signature": {signature}, "X-TEST-signature": {signature}, "Authorization": {password}, "X-Forwarded-For": {"198.51.100.7"}},
			verify.ErrBadCredential},
		// It is not known which of them a proxy has written.
		"an address twice": {http.Header{sigHeader: {signature}, "Authorization": {password}, "X-Forwarded-For": {"198.51.100.7"}, "x-forwarded-for": {"203.0.113.5"}},
			verify.ErrBadCredential},
		"missing": {http.Header{"x-test-signature": {signature}, "x-forwarded-for": {"198.51.100.7"}}, verify.ErrNoCredential},
	} {
		r := signed(t, "http://localhost/", "")
		r.RemoteAddr = "10.0.0.1:4711"
		r.Header = c.header
		before := fmt.Sprint(c.header)
		_, err := hook.Check(r, []byte("{}"))
		assert.ErrorIs(t, err, c.err, "Check %s", name)
		assert.ErrorIs(t, hook.Verify(r, []byte("{}")), c.err, "Verify %s", name)
		assert.Equal(t, before, fmt.Sprint(r.Header), "the request is left alone")
	}
	r := signed(t, "http://localhost/", "{}")
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		if _, err := verify.Canonical(r); err != nil {
			t.Fatal(err)
		}
	}), "a canonical header costs nothing")
}
