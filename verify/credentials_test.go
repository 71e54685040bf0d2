package verify_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func TestBasicAuth(t *testing.T) {
	v, err := verify.NewBasicAuth(verify.NewCredential("gate", "swordfish:with:colons"), verify.NewCredential("yard", "swordfish"))
	require.NoError(t, err)
	for name, c := range map[string]struct {
		header     []string
		credential string
		err        error
	}{
		"first":                  {[]string{basic("gate", "swordfish:with:colons")}, "user gate", nil},
		"second":                 {[]string{basic("yard", "swordfish")}, "user yard", nil},
		"scheme in capitals":     {[]string{strings.Replace(basic("yard", "swordfish"), "Basic", "BASIC", 1)}, "user yard", nil},
		"longer than the buffer": {[]string{basic("yard", strings.Repeat("x", 5000))}, "", verify.ErrBadCredential},
		"users mixed up":         {[]string{basic("gate", "swordfish")}, "", verify.ErrBadCredential},
		"no password":            {[]string{basic("gate", "")}, "", verify.ErrBadCredential},
		"missing":                {nil, "", verify.ErrNoCredential},
		"empty":                  {[]string{""}, "", verify.ErrBadCredential},
		"twice":                  {[]string{basic("yard", "swordfish"), basic("yard", "swordfish")}, "", verify.ErrBadCredential},
		"bearer":                 {[]string{"Bearer swordfish"}, "", verify.ErrBadCredential},
		"not base64":             {[]string{"Basic yard:swordfish"}, "", verify.ErrBadCredential},
		"no colon":               {[]string{"Basic " + base64.StdEncoding.EncodeToString([]byte("yard"))}, "", verify.ErrBadCredential},
	} {
		t.Run(name, func(t *testing.T) {
			r := post()
			r.Header["Authorization"] = c.header
			credential, err := v.Verify(r, nil)
			assert.Equal(t, c.credential, credential)
			assert.ErrorIs(t, err, c.err)
			header, err := v.VerifyHeader(r)
			assert.Equal(t, c.credential, header)
			assert.ErrorIs(t, err, c.err)
		})
	}
	assert.Equal(t, `Basic realm="webhook", charset="UTF-8"`, v.Challenge())
	_, err = verify.NewBasicAuth(verify.NewCredential("ga:te", "swordfish"))
	assert.ErrorContains(t, err, "credentials[0].User")
	_, err = verify.NewBasicAuth(verify.NewCredential("gate", "swordfish"), verify.Credential{User: "yard"})
	assert.ErrorContains(t, err, "credentials[1].Password")
	_, err = verify.NewBasicAuth()
	assert.Error(t, err)
}

func TestBearer(t *testing.T) {
	v, err := verify.NewBearer(event.Secrets("token-one-of-the-tests", "token-two-of-the-tests")...)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		header     []string
		credential string
		err        error
	}{
		"first":             {[]string{"Bearer token-one-of-the-tests"}, "token 1", nil},
		"second, lower":     {[]string{"bearer token-two-of-the-tests"}, "token 2", nil},
		"wrong":             {[]string{"Bearer token-three-of-the-tests"}, "", verify.ErrBadCredential},
		"prefix of a token": {[]string{"Bearer token-one"}, "", verify.ErrBadCredential},
		"no scheme":         {[]string{"token-one-of-the-tests"}, "", verify.ErrBadCredential},
		"basic":             {[]string{"Basic token-one-of-the-tests"}, "", verify.ErrBadCredential},
		"missing":           {nil, "", verify.ErrNoCredential},
		"twice":             {[]string{"Bearer token-one-of-the-tests", "Bearer token-one-of-the-tests"}, "", verify.ErrBadCredential},
	} {
		t.Run(name, func(t *testing.T) {
			r := post()
			r.Header["Authorization"] = c.header
			credential, err := v.Verify(r, nil)
			assert.Equal(t, c.credential, credential)
			assert.ErrorIs(t, err, c.err)
			header, err := v.VerifyHeader(r)
			assert.Equal(t, c.credential, header)
			assert.ErrorIs(t, err, c.err)
		})
	}
	_, err = verify.NewBearer(event.Secrets("token-one-of-the-tests", " ")...)
	assert.ErrorContains(t, err, "tokens[1]")
	assert.Equal(t, `Bearer realm="webhook"`, v.Challenge())
}

// digits is an ID that consists of eight digits, with dashes anywhere.
func digits(dst, text []byte) ([]byte, bool) {
	n := 0
	for _, c := range text {
		switch {
		case c == '-':
		case '0' <= c && c <= '9':
			dst, n = append(dst, c), n+1
		default:
			return nil, false
		}
	}
	return dst, n == 8
}

func newBodyID(t testing.TB, ids ...string) *verify.BodyID {
	v, err := verify.NewBodyID(verify.BodyIDConfig{
		IDs: event.Secrets(ids...), Normalize: digits,
		Mask: func(dst, id []byte) []byte { return append(append(dst, id[:2]...), `"******`...) },
	})
	require.NoError(t, err)
	return v
}

// shown is a body with what is shown in place of the spans.
func shown(body []byte, spans []verify.Span) string {
	var s strings.Builder
	rest := 0
	for _, span := range spans {
		s.Write(body[rest:span.Start])
		s.WriteString(strconv.Quote(span.Shown))
		rest = span.End
	}
	s.Write(body[rest:])
	return s.String()
}

func TestBodyID(t *testing.T) {
	v := newBodyID(t, "1111-2222", "33334444")
	for name, c := range map[string]struct {
		body, credential, masked string
	}{
		"any name":           {`{"x":1,"whatever":"11112222","y":[]}`, "ID 1", `{"x":1,"whatever":"11\"******","y":[]}`},
		"second":             {` {"id" : "33-33-44-44" } `, "ID 2", ` {"id" : "33\"******" } `},
		"escaped":            {`{"id":"\u00311112222"}`, "ID 1", `{"id":"11\"******"}`},
		"twice":              {`{"a":"11112222","b":"33334444","c":"11112222"}`, "ID 1", `{"a":"11\"******","b":"33\"******","c":"11\"******"}`},
		"others stay":        {`{"a":"55556666","b":"11112222"}`, "ID 1", `{"a":"55556666","b":"11\"******"}`},
		"byte order mark":    {"\ufeff" + `{"a":"11112222"}`, "ID 1", "\ufeff" + `{"a":"11\"******"}`},
		"wrong":              {`{"id":"55556666"}`, "", ""},
		"number":             {`{"id":11112222}`, "", ""},
		"nested":             {`{"a":{"id":"11112222"},"b":["11112222"]}`, "", ""},
		"as a name":          {`{"11112222":1}`, "", ""},
		"repeated name":      {`{"a":"11112222","a":"x"}`, "", ""},
		"repeated escaped":   {`{"a":"11112222","\u0061":"x"}`, "", ""},
		"too deep":           {`{"a":"11112222","b":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`, "", ""},
		"repeated inside":    {`{"a":"11112222","b":{"c":1,"c":2}}`, "ID 1", `{"a":"11\"******","b":{"c":1,"c":2}}`},
		"broken UTF-8":       {"{\"a\":\"11112222\",\"b\":\"\xff\"}", "ID 1", "{\"a\":\"11\\\"******\",\"b\":\"\xff\"}"},
		"lone surrogate":     {`{"a":"11112222","b":"\ud83d"}`, "ID 1", `{"a":"11\"******","b":"\ud83d"}`},
		"other places":       {`{"a":"11112222","b":[{"c":"id: 1111-2222!"},11112222],"11112222":0}`, "ID 1", `{"a":"11\"******","b":[{"c":"11\"******"},"11\"******"],"11\"******":0}`},
		"another's":          {`{"a":"11112222","b":{"c":"33334444"}}`, "ID 1", `{"a":"11\"******","b":{"c":"33\"******"}}`},
		"not closed":         {`{"a":"11112222"`, "ID 1", `{"a":"11\"******"`},
		"bad escape":         {`{"a":"11112222","b":"A\x"}`, "ID 1", `{"a":"11\"******","b":"A\x"}`},
		"something behind":   {`{"a":"11112222"}{}`, "ID 1", `{"a":"11\"******"}{}`},
		"array":              {`["11112222"]`, "ID 1", `["11\"******"]`},
		"form":               {`id=11112222`, "", ""},
		"not closed, wrong":  {`{"a":"55556666"`, "", ""},
		"empty":              {``, "", ""},
		"a prefix of the ID": {`{"a":"1111222"}`, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			before := strings.Clone(c.body)
			credential, spans, err := v.VerifyBody(post(), []byte(c.body))
			assert.Equal(t, c.credential, credential)
			assert.Equal(t, before, c.body)
			if c.credential == "" {
				assert.ErrorIs(t, err, verify.ErrBadCredential)
				assert.Empty(t, spans)
			} else {
				assert.Equal(t, c.masked, shown([]byte(c.body), spans))
				assert.Equal(t, spans, v.Credentials([]byte(c.body)))
			}
			again, err2 := v.Verify(post(), []byte(c.body))
			assert.Equal(t, credential, again)
			assert.Equal(t, err == nil, err2 == nil)
		})
	}
}

func TestBodyIDConfigErrors(t *testing.T) {
	for field, c := range map[string]verify.BodyIDConfig{
		"Normalize": {IDs: event.Secrets("11112222")},
		"IDs":       {Normalize: digits},
		"IDs[1]":    {Normalize: digits, IDs: event.Secrets("11112222", "letters")},
	} {
		v, err := verify.NewBodyID(c)
		assert.Nil(t, v)
		assert.ErrorContains(t, err, "BodyIDConfig."+field)
	}
}

// masked is a secret as an encoding gives it back.
func masked(t testing.TB) (s event.Secret) {
	require.NoError(t, s.UnmarshalText([]byte("[redacted]")))
	return s
}

// Errors of package verify name its own fields, and no value.
func TestCredentialErrors(t *testing.T) {
	for text, refused := range map[string]func() error{
		"verify: SignedConfig.Secrets is empty": func() error {
			_, err := verify.NewSigned(verify.SignedConfig{Header: "Sig"})
			return err
		},
		"verify: Bearer tokens[1] has a control character": func() error {
			_, err := verify.NewBearer(event.Secrets("token-one-of-the-tests", "swor\x00dfish")...)
			return err
		},
		"verify: BasicAuth credentials[0].User has a colon": func() error {
			_, err := verify.NewBasicAuth(verify.NewCredential("swor:dfish", "swordfish"))
			return err
		},
		"verify: BodyIDConfig.IDs[0] is not an ID": func() error {
			_, err := verify.NewBodyID(verify.BodyIDConfig{Normalize: digits, IDs: event.Secrets("swordfish")})
			return err
		},
		"verify: SignedConfig.Secrets[1] has fewer than 16 bytes": func() error {
			_, err := verify.NewSigned(verify.SignedConfig{Header: "Sig", Secrets: event.Secrets(vectorKey, "fifteen-bytes-x")})
			return err
		},
		"verify: SignedConfig.Secrets[0] has only zero bytes": func() error {
			_, err := verify.NewSigned(verify.SignedConfig{Header: "Sig", Secrets: []event.Secret{event.NewSecretBytes(make([]byte, 32))}})
			return err
		},
		"verify: Bearer tokens[0] has fewer than 16 bytes": func() error {
			_, err := verify.NewBearer(event.NewSecret("fifteen-bytes-x"))
			return err
		},
		"verify: Bearer tokens[0] is masked: it was read from an encoding that hides secrets, and its value is not known": func() error {
			_, err := verify.NewBearer(masked(t))
			return err
		},
		"verify: BasicAuth credentials[0].Password is masked: it was read from an encoding that hides secrets, and its value is not known": func() error {
			_, err := verify.NewBasicAuth(verify.Credential{User: "gate", Password: masked(t)})
			return err
		},
	} {
		assert.EqualError(t, refused(), text)
	}
}

func TestBodyIDNamesWhatArrived(t *testing.T) {
	v := newBodyID(t, "11112222")
	_, err := v.Verify(nil, []byte(`{"User Lock":"`+"11112223"+`","event\nType":1,"`+strings.Repeat("n", 200)+`":{}}`))
	assert.ErrorContains(t, err, "members: User Lock, event\uFFFDType, "+strings.Repeat("n", 40)+"…")
	assert.NotContains(t, err.Error(), "11112223")

	var many strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&many, `,"m%d":0`, i)
	}
	_, err = v.Verify(nil, []byte("{"+many.String()[1:]+"}"))
	assert.ErrorContains(t, err, "m15, …)")
	assert.NotContains(t, err.Error(), "m16")

	named := 0
	for range 1000 {
		_, err = v.Verify(nil, []byte(`{"a":1}`))
		require.ErrorIs(t, err, verify.ErrBadCredential)
		if strings.Contains(err.Error(), "members") {
			named++
		}
	}
	assert.LessOrEqual(t, named, 6, "names are sampled")
}

// Masking what was accepted by another verifier does not use up the names that
// an operator wants to see when a request is refused.
func TestMaskNamesNothing(t *testing.T) {
	v := newBodyID(t, "11112222")
	body := []byte(`{"a":"33334444"}`)
	for range 100 {
		assert.Empty(t, v.Credentials(body))
	}
	assert.Equal(t, []verify.Span{{Start: 5, End: 15, Shown: `11"******`}}, v.Credentials([]byte(`{"a":"11112222"}`)))
	assert.Empty(t, v.Credentials([]byte("{")))
	assert.Empty(t, new(verify.BodyID).Credentials(body))
	assert.Empty(t, (*verify.BodyID)(nil).Credentials(body))
	_, err := v.Verify(nil, body)
	assert.ErrorContains(t, err, "members: a")
}

func TestAllOfAnyOf(t *testing.T) {
	sign, err := verify.NewSigned(verify.SignedConfig{Header: "Sig", Secrets: event.Secrets(vectorKey)})
	require.NoError(t, err)
	gate, err := verify.NewBasicAuth(verify.NewCredential("gate", "swordfish"))
	require.NoError(t, err)
	id := newBodyID(t, "11112222")
	both, either := verify.AllOf(sign, gate), verify.AnyOf(sign, gate)
	body := []byte(vectorBody)

	for name, c := range map[string]struct {
		r       *http.Request
		all, an string
	}{
		"both":      {post("Sig", vectorHex, "Authorization", basic("gate", "swordfish")), "secret 1 + user gate", "secret 1"},
		"signed":    {post("Sig", vectorHex), "", "secret 1"},
		"basic":     {post("Authorization", basic("gate", "swordfish")), "", "user gate"},
		"neither":   {post(), "", ""},
		"wrong one": {post("Sig", vectorHex, "Authorization", basic("gate", "herring")), "", "secret 1"},
	} {
		credential, err := both.Verify(c.r, body)
		assert.Equal(t, c.all, credential, name)
		assert.Equal(t, c.all == "", err != nil, name)
		assert.Equal(t, c.all == "", both.(verify.Prechecker).Precheck(c.r) != nil, name)
		credential, err = either.Verify(c.r, body)
		assert.Equal(t, c.an, credential, name)
		assert.Equal(t, c.an == "", err != nil, name)
		assert.Equal(t, c.an == "", either.(verify.Prechecker).Precheck(c.r) != nil, name)
	}

	// A verifier without Precheck can only be asked with the body.
	assert.NoError(t, verify.AnyOf(sign, id).(verify.Prechecker).Precheck(post()))
	assert.Error(t, verify.AllOf(sign, id).(verify.Prechecker).Precheck(post()))

	assert.Equal(t, gate.Challenge(), both.(verify.Challenger).Challenge())
	assert.Empty(t, verify.AllOf(sign, id).(verify.Challenger).Challenge())

	assert.Panics(t, func() { verify.AllOf(sign, nil) })
	assert.Panics(t, func() { verify.AnyOf(nil, sign) })
	assert.Panics(t, func() { verify.AnyOf(sign, gate, nil) })
}

// Whatever else is asked, the credential in the body is masked, and a signature
// is checked over the body as it came.
func TestAllOfMasks(t *testing.T) {
	body := []byte(`{"a":"11112222","b":"33334444"}`)
	one, two := newBodyID(t, "11112222"), newBodyID(t, "33334444")
	asItCame := verifierFunc(func(_ *http.Request, b []byte) (string, error) {
		if !bytes.Equal(b, body) {
			return "", errors.New("not the body")
		}
		return "plain", nil
	})
	for name, v := range map[string]verify.Verifier{
		"first":     verify.AllOf(one, asItCame),
		"last":      verify.AllOf(asItCame, one),
		"nested":    verify.AllOf(verify.AllOf(asItCame, one), asItCame),
		"any first": verify.AnyOf(one, asItCame),
	} {
		_, spans, err := v.(verify.BodyVerifier).VerifyBody(post(), body)
		require.NoError(t, err, name)
		assert.Equal(t, `{"a":"11\"******","b":"33334444"}`, shown(body, spans), name)
	}
	_, spans, err := verify.AllOf(one, asItCame, two).(verify.BodyVerifier).VerifyBody(post(), body)
	require.NoError(t, err)
	assert.Equal(t, `{"a":"11\"******","b":"33\"******"}`, shown(body, spans))
}

// What masks a body does not depend on who accepted it, nor on how well it is
// formed.
func TestAnyOfMasksWhatItDidNotAcceptBy(t *testing.T) {
	anybody := verifierFunc(func(*http.Request, []byte) (string, error) { return "anybody", nil })
	v := verify.AnyOf(newBodyID(t, "11112222"), anybody)
	for body, want := range map[string]string{
		`{"Info":"11112222","x":1,"x":2}`: `{"Info":"11\"******","x":1,"x":2}`,
		`{"Info":"11112222"`:              `{"Info":"11\"******"`,
		`[{"a":"11112222"}]`:              `[{"a":"11\"******"}]`,
	} {
		_, spans, err := v.(verify.BodyVerifier).VerifyBody(post(), []byte(body))
		require.NoError(t, err)
		assert.Equal(t, want, shown([]byte(body), spans))
	}
}

type verifierFunc func(*http.Request, []byte) (string, error)

func (f verifierFunc) Verify(r *http.Request, body []byte) (string, error) { return f(r, body) }
