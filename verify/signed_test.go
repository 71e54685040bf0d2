package verify_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

// By openssl dgst -sha256 -hmac.
const (
	vectorKey  = "the secret of a vector"
	vectorBody = `{"a":1}`
	vectorHex  = "b4a538f289c9639e59cbb6cb669f2b6ced3a6e3749aa0b58ecfca585a191b632"
)

func post(header ...string) *http.Request {
	r, err := http.NewRequest(http.MethodPost, "http://localhost/", http.NoBody)
	if err != nil {
		panic(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return r
}

func TestSignedVector(t *testing.T) {
	v, err := verify.NewSigned(verify.SignedConfig{Header: "x-signature", Secrets: event.Secrets("another secret of tests", vectorKey)})
	require.NoError(t, err)
	for name, sent := range map[string]string{"lower": vectorHex, "upper": strings.ToUpper(vectorHex), "mixed": strings.ToUpper(vectorHex[:9]) + vectorHex[9:]} {
		credential, err := v.Verify(post("X-Signature", sent), []byte(vectorBody))
		require.NoError(t, err, name)
		assert.Equal(t, "secret 2", credential, name)
		assert.NoError(t, v.Precheck(post("X-Signature", sent)), name)
	}
}

func TestSignedForms(t *testing.T) {
	mac := func(h func() hash.Hash) []byte {
		m := hmac.New(h, []byte(vectorKey))
		m.Write([]byte(vectorBody))
		return m.Sum(nil)
	}
	for name, c := range map[string]struct {
		config verify.SignedConfig
		sent   string
	}{
		"prefix":         {verify.SignedConfig{Prefix: "sha256="}, "sha256=" + hex.EncodeToString(mac(sha256.New))},
		"base64":         {verify.SignedConfig{Encoding: verify.Base64}, base64.StdEncoding.EncodeToString(mac(sha256.New))},
		"SHA-1":          {verify.SignedConfig{Hash: sha1.New}, hex.EncodeToString(mac(sha1.New))},
		"SHA-512":        {verify.SignedConfig{Hash: sha512.New}, hex.EncodeToString(mac(sha512.New))},
		"SHA-512 base64": {verify.SignedConfig{Hash: sha512.New, Encoding: verify.Base64}, base64.StdEncoding.EncodeToString(mac(sha512.New))},
	} {
		t.Run(name, func(t *testing.T) {
			c.config.Header, c.config.Secrets = "Sig", event.Secrets(vectorKey)
			v, err := verify.NewSigned(c.config)
			require.NoError(t, err)
			_, err = v.Verify(post("Sig", c.sent), []byte(vectorBody))
			require.NoError(t, err)
			for i := range c.sent {
				damaged := []byte(c.sent)
				damaged[i] ^= 1
				_, err = v.Verify(post("Sig", string(damaged)), []byte(vectorBody))
				require.ErrorIs(t, err, verify.ErrBadCredential, "character %d", i)
			}
			_, err = v.Verify(post("Sig", c.sent), []byte(vectorBody+" "))
			require.ErrorIs(t, err, verify.ErrBadCredential)
			for _, sent := range []string{c.sent + c.sent, c.sent[:len(c.sent)-2], c.sent + "00", " " + c.sent, strings.TrimPrefix(c.sent, c.config.Prefix) + "\n"} {
				require.ErrorIs(t, v.Precheck(post("Sig", sent)), verify.ErrBadCredential, "%q", sent)
			}
		})
	}
}

func TestSignedRefusesAtOnce(t *testing.T) {
	v, err := verify.NewSigned(verify.SignedConfig{Header: "Sig", Secrets: event.Secrets(vectorKey)})
	require.NoError(t, err)
	assert.ErrorIs(t, v.Precheck(post()), verify.ErrNoCredential)
	assert.ErrorIs(t, v.Precheck(post("Sig", vectorHex, "Sig", vectorHex)), verify.ErrBadCredential)
	assert.ErrorIs(t, v.Precheck(post("Sig", "")), verify.ErrBadCredential)
	assert.ErrorIs(t, v.Precheck(post("Sig", strings.Repeat("g", 64))), verify.ErrBadCredential)
	for _, err := range []error{verify.ErrNoCredential, verify.ErrBadCredential, verify.ErrStale} {
		assert.ErrorIs(t, err, verify.ErrUnauthenticated)
	}
}

func newShort() hash.Hash { return short{sha256.New()} }

type short struct{ hash.Hash }

func (short) Size() int { return 4 }

// A slack-go error carried the signature that would have been right, and a second
// request with it was accepted (slack-go/slack#849, with PR #862 removing the
// wrong value of the two).
func TestIssue849_slack_ErrorWithTheExpectedSignature(t *testing.T) {
	v, err := verify.NewSigned(verify.SignedConfig{Header: "Sig", Secrets: event.Secrets(vectorKey)})
	require.NoError(t, err)
	forged := strings.Repeat("0", 64)
	for _, r := range []*http.Request{post("Sig", forged), post("Sig", vectorHex[:62]), post("Sig", vectorHex, "Sig", forged), post()} {
		_, err := v.Verify(r, []byte(vectorBody+" "))
		require.Error(t, err)
		mac := hmac.New(sha256.New, []byte(vectorKey))
		mac.Write([]byte(vectorBody + " "))
		expected := hex.EncodeToString(mac.Sum(nil))
		shown := strings.ToLower(fmt.Sprintf("%v %+v %#v", err, err, err))
		for _, secret := range []string{expected, expected[:16], forged, vectorHex[:62], vectorKey + ":"} {
			assert.NotContains(t, shown, secret)
		}
	}
}

// Seven of nine verifiers tried accept an empty secret, among them stripe-go,
// go-github with nil and an unsigned request, and go-githubauth until its PR #61,
// whose fuzz test had asserted that as right.
func TestPR61_goGithubauth_EmptySecret(t *testing.T) {
	for name, secrets := range map[string][]string{
		"none": nil, "empty": {""}, "empty among others": {vectorKey, ""},
		// NousResearch/hermes-agent#102069: only white space.
		"blank": {strings.Repeat(" \t", 10)}, "newline": {vectorKey + "\n"}, "zero width": {vectorKey + "\u200b"}, "NUL": {vectorKey + "\x00b"},
	} {
		_, err := verify.NewSigned(verify.SignedConfig{Header: "Sig", Secrets: event.Secrets(secrets...), InsecureShortSecrets: true})
		assert.Error(t, err, name)
		_, err = verify.NewBearer(event.Secrets(secrets...)...)
		assert.Error(t, err, name)
		var credentials []verify.Credential
		for _, s := range secrets {
			credentials = append(credentials, verify.NewCredential("gate", s))
		}
		_, err = verify.NewBasicAuth(credentials...)
		assert.Error(t, err, name)
	}
	for name, v := range map[string]verify.Verifier{
		"Signed": new(verify.Signed), "nil Signed": (*verify.Signed)(nil),
		"BasicAuth": new(verify.BasicAuth), "nil BasicAuth": (*verify.BasicAuth)(nil),
		"Bearer": new(verify.Bearer), "nil Bearer": (*verify.Bearer)(nil),
		"BodyID": new(verify.BodyID), "nil BodyID": (*verify.BodyID)(nil),
	} {
		_, err := v.Verify(post("Sig", "", "Authorization", "Basic Og=="), []byte("{}"))
		assert.ErrorIs(t, err, verify.ErrUnauthenticated, name)
	}
}

// A check of a signature alone may take 1.5 times Sum256.
func BenchmarkSigned(b *testing.B) {
	body := strings.Repeat("0123456789abcdef", 64)
	raw := []byte(body)
	bench := func(name string, c verify.SignedConfig, r *http.Request) {
		c.Secrets = event.Secrets(vectorKey)
		v := newSigned(b, c)
		for what, ask := range map[string]func() error{
			"Precheck": func() error { return v.Precheck(r) },
			"Verify":   func() error { _, err := v.Verify(r, raw); return err },
		} {
			b.Run(name+"/"+what, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := ask(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
	signed := sign(vectorKey, "1614265330."+body)
	bench("body", verify.SignedConfig{Header: "X-Sig"}, post("X-Sig", sign(vectorKey, body)))
	bench("parts", verify.SignedConfig{
		Header: "X-Sig", Prefix: "v1=", Separator: ",", Signed: "{timestamp}.{body}", TimestampPrefix: "t=", InsecureNoWindow: true,
	}, post("X-Sig", "t=1614265330,v1="+signed+",v1="+signed+",v0="+signed))
	b.Run("Sum256", func(b *testing.B) {
		for b.Loop() {
			sha256.Sum256(raw)
		}
	})
}

func FuzzVerify(f *testing.F) {
	f.Add([]byte(vectorBody), vectorHex, vectorKey, "another")
	f.Add([]byte{}, "", "a", "b")
	f.Add([]byte("{}"), strings.Repeat("A", 64), "k\n", " ")
	f.Add([]byte("{}"), "t=1614265330,v1="+strings.Repeat("0", 64)+",v0=,v1=x", vectorKey, "t=1, t=2")
	f.Fuzz(func(t *testing.T, body []byte, sent, secret, other string) {
		v, err := verify.NewSigned(verify.SignedConfig{Header: "Sig", Secrets: event.Secrets(secret), InsecureShortSecrets: true})
		if strings.TrimSpace(secret) == "" || strings.ContainsAny(secret, "\x00\n\r\t") {
			require.Error(t, err, "a secret that nobody chose")
		}
		if err != nil {
			return
		}
		// What was not signed by the secret is refused, whatever it is.
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(body)
		good := hex.EncodeToString(mac.Sum(nil))
		r := post()
		r.Header["Sig"] = []string{sent}
		_, err = v.Verify(r, body)
		require.Equal(t, strings.EqualFold(sent, good), err == nil)
		if err != nil {
			require.ErrorIs(t, err, verify.ErrUnauthenticated)
		}
		r.Header["Sig"] = []string{good}
		_, err = v.Verify(r, body)
		require.NoError(t, err)
		require.NoError(t, v.Precheck(r))
		if len(body) > 0 {
			i := len(body) / 2
			body[i] ^= 0x10
			_, err = v.Verify(r, body)
			require.ErrorIs(t, err, verify.ErrBadCredential, "one flipped bit")
			body[i] ^= 0x10
		}
		// In a header with several parts only what a plain reading accepts.
		stripe, err := verify.NewSigned(verify.SignedConfig{
			Header: "Sig", Separator: ",", Prefix: "v1=", Signed: "{timestamp}.{body}", TimestampPrefix: "t=", InsecureNoWindow: true,
			Secrets: event.Secrets(secret), InsecureShortSecrets: true,
		})
		require.NoError(t, err)
		signature := "t=1614265330,v1=" + sign(secret, "1614265330."+string(body))
		for _, value := range []string{sent, signature, other + signature, signature + "," + sent, sent + "," + signature, signature + other} {
			r.Header["Sig"] = []string{value}
			_, err = stripe.Verify(r, body)
			require.Equal(t, referenceStripe(secret, value, string(body)), err == nil, "%q: %v", value, err)
			if early := stripe.Precheck(r); early != nil {
				require.EqualError(t, err, early.Error())
			}
		}
		r.Header["Sig"] = []string{good, good}
		_, err = v.Verify(r, body)
		require.ErrorIs(t, err, verify.ErrBadCredential, "twice")
		if other != secret {
			w, err := verify.NewSigned(verify.SignedConfig{Header: "Sig", Secrets: event.Secrets(other), InsecureShortSecrets: true})
			if err == nil {
				r.Header["Sig"] = []string{good}
				_, err = w.Verify(r, body)
				require.ErrorIs(t, err, verify.ErrBadCredential, "another secret")
			}
		}
	})
}
