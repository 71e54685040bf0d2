package verify_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

// A scheme is how a vendor signs, with a request of its documentation or, where there
// is none, one that openssl has signed.
type scheme struct {
	config    verify.SignedConfig
	secret    string // as text; schemes of other keys set config.Secrets
	timestamp int64  // 0: not signed
	headers   http.Header
	body      string
}

func schemes(t testing.TB) map[string]scheme {
	standard, err := verify.StandardWebhooksSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	require.NoError(t, err)
	list := map[string]scheme{
		// https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
		"GitHub": {
			config:  verify.SignedConfig{Header: "X-Hub-Signature-256", Prefix: "sha256="},
			secret:  "It's a Secret to Everybody",
			headers: http.Header{"X-Hub-Signature-256": {"sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}},
			body:    "Hello, World!",
		},
		// openssl dgst -sha256 -hmac "the client secret of the app" -binary | base64
		"Shopify": {
			config:  verify.SignedConfig{Header: "X-Shopify-Hmac-Sha256", Encoding: verify.Base64},
			secret:  "the client secret of the app",
			headers: http.Header{"X-Shopify-Hmac-Sha256": {"mwjks/HrfLJBN1KEdDm+DKeJtcKcMpk1QT8CJEi/tl4="}},
			body:    `{"id":820982911946154508}`,
		},
		// https://docs.slack.dev/authentication/verifying-requests-from-slack
		"Slack": {
			config: verify.SignedConfig{
				Header: "X-Slack-Signature", Prefix: "v0=",
				Signed: "v0:{timestamp}:{body}", TimestampHeader: "X-Slack-Request-Timestamp",
			},
			secret:    "8f742231b10e8888abcd99yyyzzz85a5",
			timestamp: 1531420618,
			headers: http.Header{
				"X-Slack-Signature":         {"v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"},
				"X-Slack-Request-Timestamp": {"1531420618"},
			},
			body: "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
		},
		// printf '1492774577.{"id":"evt_1","object":"event"}' | openssl dgst -sha256 -hmac whsec_…
		"Stripe": {
			config: verify.SignedConfig{
				Header: "Stripe-Signature", Prefix: "v1=", Separator: ",",
				Signed: "{timestamp}.{body}", TimestampPrefix: "t=",
			},
			secret:    "whsec_of_the_examples_of_accesshook",
			timestamp: 1492774577,
			headers:   http.Header{"Stripe-Signature": {"t=1492774577,v1=ee9a943abc29c0692eba8533954f9a44a795c735c9938ea63ae78ba4c396632c,v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39"}},
			body:      `{"id":"evt_1","object":"event"}`,
		},
		// https://github.com/standard-webhooks/standard-webhooks
		"Standard Webhooks": {
			config: verify.SignedConfig{
				Header: "Webhook-Signature", Prefix: "v1,", Separator: " ", Encoding: verify.Base64,
				Signed: "{id}.{timestamp}.{body}", IDHeader: "Webhook-Id", TimestampHeader: "Webhook-Timestamp",
				Secrets: []event.Secret{standard},
			},
			timestamp: 1614265330,
			headers: http.Header{
				"Webhook-Id":        {"msg_p5jXN8AQM9LWM0D4loKWxJek"},
				"Webhook-Timestamp": {"1614265330"},
				"Webhook-Signature": {"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
			},
			body: `{"test": 2432232314}`,
		},
	}
	for name, s := range list {
		if s.config.Secrets == nil {
			s.config.Secrets = event.Secrets(s.secret)
		}
		list[name] = s
	}
	return list
}

func newSigned(t testing.TB, c verify.SignedConfig) *verify.Signed {
	t.Helper()
	v, err := verify.NewSigned(c)
	require.NoError(t, err)
	return v
}

func (s scheme) request() *http.Request {
	r := post()
	r.Header = s.headers.Clone()
	return r
}

// at runs f at that many seconds since 1970.
func at(t *testing.T, seconds int64, f func(t *testing.T)) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Unix(max(seconds, time.Now().Unix()), 0)))
		f(t)
	})
}

// check asks Verify and Precheck, which must not contradict each other.
func check(t *testing.T, v *verify.Signed, r *http.Request, body string) error {
	t.Helper()
	credential, err := v.Verify(r, []byte(body))
	if early := v.Precheck(r); early != nil {
		require.EqualError(t, err, early.Error())
	}
	require.Equal(t, err == nil, credential != "")
	if err != nil {
		require.ErrorIs(t, err, verify.ErrUnauthenticated)
	}
	return err
}

func TestSignedSchemes(t *testing.T) {
	for name, s := range schemes(t) {
		t.Run(name, func(t *testing.T) {
			at(t, s.timestamp, func(t *testing.T) {
				v := newSigned(t, s.config)
				require.NoError(t, check(t, v, s.request(), s.body))
				for i := range s.body {
					damaged := []byte(s.body)
					damaged[i] ^= 1
					require.ErrorIs(t, check(t, v, s.request(), string(damaged)), verify.ErrBadCredential)
				}
				for header, values := range s.headers {
					r := s.request()
					r.Header.Del(header)
					missing := verify.ErrBadCredential // counts as a failure, since there is a signature
					if header == s.config.Header {
						missing = verify.ErrNoCredential
					}
					assert.ErrorIs(t, check(t, v, r, s.body), missing, "no %s", header)
					for _, value := range []string{values[0], "", "x"} {
						r = s.request()
						r.Header.Add(header, value)
						assert.ErrorIs(t, check(t, v, r, s.body), verify.ErrBadCredential, "%s repeated", header)
						r = s.request()
						r.Header[header] = []string{value, values[0]}
						assert.ErrorIs(t, check(t, v, r, s.body), verify.ErrBadCredential, "%s repeated", header)
					}
					for i := range values[0] {
						if strings.HasPrefix(values[0][i:], "v0=6ff") {
							break // what follows is ignored
						}
						changed := []byte(values[0])
						changed[i] ^= 1
						r = s.request()
						r.Header.Set(header, string(changed))
						assert.Error(t, check(t, v, r, s.body), "%s: %s", header, changed)
					}
				}
				other := s.config
				other.Secrets = event.Secrets("the secret of somebody else")
				assert.ErrorIs(t, check(t, newSigned(t, other), s.request(), s.body), verify.ErrBadCredential)
			})
		})
	}
}

func TestSignedWindow(t *testing.T) {
	for name, s := range schemes(t) {
		if s.timestamp == 0 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			narrow, lax := s.config, s.config
			narrow.Window = time.Second
			lax.InsecureNoWindow = true
			for _, c := range []struct {
				config verify.SignedConfig
				after  time.Duration // from the timestamp
				want   error
			}{
				{s.config, -5*time.Minute - time.Second, verify.ErrStale},
				{s.config, -5 * time.Minute, nil},
				{s.config, 0, nil},
				{s.config, 5 * time.Minute, nil},
				{s.config, 5*time.Minute + time.Nanosecond, verify.ErrStale},
				{s.config, 10 * 365 * 24 * time.Hour, verify.ErrStale},
				{narrow, -2 * time.Second, verify.ErrStale},
				{narrow, -time.Second, nil},
				{narrow, time.Second, nil},
				{narrow, 2 * time.Second, verify.ErrStale},
				{lax, -24 * time.Hour, nil},
				{lax, 10 * 365 * 24 * time.Hour, nil},
			} {
				synctest.Test(t, func(t *testing.T) {
					time.Sleep(time.Until(time.Unix(s.timestamp, 0).Add(c.after)))
					v := newSigned(t, c.config)
					require.ErrorIs(t, check(t, v, s.request(), s.body), c.want, "%s after", c.after)
					if c.want != nil {
						require.ErrorIs(t, v.Precheck(s.request()), c.want, "before the body is read")
					}
				})
			}
		})
	}
}

// A timestamp that is signed and says nothing is refused, also without a window.
func TestSignedTimestamps(t *testing.T) {
	config := verify.SignedConfig{
		Header: "Sig", Signed: "{timestamp}.{body}", TimestampHeader: "Time",
		Secrets: event.Secrets(vectorKey),
	}
	lax := config
	lax.InsecureNoWindow = true
	for _, timestamp := range []string{
		"", " ", "-1", "+1614265330", " 1614265330", "1614265330 ", "01614265330", "1614265330.0", "1.614265330e9", "0x60379d72",
		"1614265330s", "1_614_265_330", "１６１４２６５３３０", "2021-02-25T15:02:10Z", "1614265330000", "100000000000", "9223372036854775807",
		"18446744073709551616", strings.Repeat("9", 5000), "1614265330\x00",
	} {
		for _, c := range []verify.SignedConfig{config, lax} {
			at(t, 1614265330, func(t *testing.T) {
				r := post()
				r.Header = http.Header{"Time": {timestamp}, "Sig": {sign(vectorKey, timestamp+".{}")}}
				assert.ErrorIs(t, check(t, newSigned(t, c), r, "{}"), verify.ErrBadCredential, "%.40q", timestamp)
			})
		}
	}
	for _, timestamp := range []string{"0", "1", "99999999999"} {
		r := post("Time", timestamp, "Sig", sign(vectorKey, timestamp+".{}"))
		assert.NoError(t, check(t, newSigned(t, lax), r, "{}"), timestamp)
		assert.ErrorIs(t, check(t, newSigned(t, config), r, "{}"), verify.ErrStale, timestamp)
	}
}

// stripe/stripe-dotnet#1184, and others since: only the past was looked at.
func TestIssue1184_stripeDotnet_FutureTimestamp(t *testing.T) {
	s := schemes(t)["Stripe"]
	at(t, 1700000000, func(t *testing.T) {
		ahead := strconv.FormatInt(time.Now().AddDate(10, 0, 0).Unix(), 10)
		r := post("Stripe-Signature", "t="+ahead+",v1="+sign(s.secret, ahead+"."+s.body))
		assert.ErrorIs(t, check(t, newSigned(t, s.config), r, s.body), verify.ErrStale)
	})
}

// Several signatures are in one header while a secret is being replaced.
func TestSignedSeveralSignatures(t *testing.T) {
	list := schemes(t)
	stripe, standard := list["Stripe"], list["Standard Webhooks"]
	const (
		hexGood  = "v1=ee9a943abc29c0692eba8533954f9a44a795c735c9938ea63ae78ba4c396632c"
		hexOther = "v1=0000000000000000000000000000000000000000000000000000000000000000"
		good     = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
		other    = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	)
	repeat := func(text, separator string, n int) string {
		return strings.Repeat(text+separator, n)
	}
	for name, c := range map[string]struct {
		scheme scheme
		value  string
		ok     bool
	}{
		"Stripe: second":          {stripe, "t=1492774577," + hexOther + "," + hexGood, true},
		"Stripe: first":           {stripe, "t=1492774577," + hexGood + "," + hexOther, true},
		"Stripe: any order":       {stripe, hexGood + ",t=1492774577", true},
		"Stripe: spaces":          {stripe, "t=1492774577 , " + hexGood, true},
		"Stripe: upper case":      {stripe, "t=1492774577,v1=" + strings.ToUpper(hexGood[3:]), true},
		"Stripe: new scheme":      {stripe, "t=1492774577,v2=x," + hexGood + ",v11=y,,=", true},
		"Stripe: 8":               {stripe, "t=1492774577," + repeat(hexOther, ",", 7) + hexGood, true},
		"Stripe: 9":               {stripe, "t=1492774577," + hexGood + "," + repeat(hexOther, ",", 8), false},
		"Stripe: 5000":            {stripe, "t=1492774577," + repeat(hexGood, ",", 5000), false},
		"Stripe: v0 of 8":         {stripe, "t=1492774577," + repeat("v0=x", ",", 5000) + hexGood, true},
		"Stripe: only v0":         {stripe, "t=1492774577,v0=" + hexGood[3:], false},
		"Stripe: no signature":    {stripe, "t=1492774577", false},
		"Stripe: empty":           {stripe, "", false},
		"Stripe: separators":      {stripe, ",,,", false},
		"Stripe: empty signature": {stripe, "t=1492774577,v1=", false},
		"Stripe: no timestamp":    {stripe, hexGood, false},
		"Stripe: two timestamps":  {stripe, "t=1492774577,t=1492774577," + hexGood, false},
		"Stripe: a later one":     {stripe, "t=1492774577," + hexGood + ",t=1492774578", false},
		"Stripe: empty timestamp": {stripe, "t=," + hexGood, false},
		"Stripe: T":               {stripe, "T=1492774577," + hexGood, false},
		"Stripe: V1":              {stripe, "t=1492774577,V" + hexGood[1:], false},
		"Stripe: short signature": {stripe, "t=1492774577," + hexGood[:65], false},
		"Stripe: one is broken":   {stripe, "t=1492774577," + hexGood + ",v1=x", false},
		"Stripe: semicolons":      {stripe, "t=1492774577;" + hexGood, false},

		"Standard Webhooks: second":           {standard, other + " " + good, true},
		"Standard Webhooks: first":            {standard, good + " " + other, true},
		"Standard Webhooks: asymmetric":       {standard, "v1a,AAAA " + good + " v2,x", true},
		"Standard Webhooks: two spaces":       {standard, "  " + other + "  " + good + " ", true},
		"Standard Webhooks: only v2":          {standard, "v2" + good[2:], false},
		"Standard Webhooks: only v1a":         {standard, "v1a" + good[2:], false},
		"Standard Webhooks: no version":       {standard, good[3:], false},
		"Standard Webhooks: no padding":       {standard, good[:46], false},
		"Standard Webhooks: more padding":     {standard, good + "=", false},
		"Standard Webhooks: loose last bits":  {standard, good[:45] + "F=", false},
		"Standard Webhooks: line break":       {standard, good[:20] + "\n" + good[20:], false},
		"Standard Webhooks: URL alphabet":     {standard, strings.NewReplacer("+", "-", "/", "_").Replace(good), false},
		"Standard Webhooks: hexadecimal":      {standard, "v1,8348 4cf52b04f8e4cf2531adfed9882ad4b2665137b852442d594d20e2c9d4e1", false},
		"Standard Webhooks: with commas":      {standard, other + "," + good, false},
		"Standard Webhooks: 8":                {standard, repeat(other, " ", 7) + good, true},
		"Standard Webhooks: 9":                {standard, good + " " + repeat(other, " ", 8), false},
		"Standard Webhooks: nothing":          {standard, " ", false},
		"Standard Webhooks: a tab in between": {standard, other + "\t" + good, false},
	} {
		t.Run(name, func(t *testing.T) {
			at(t, c.scheme.timestamp, func(t *testing.T) {
				r := c.scheme.request()
				r.Header[c.scheme.config.Header] = []string{c.value}
				err := check(t, newSigned(t, c.scheme.config), r, c.scheme.body)
				if c.ok {
					assert.NoError(t, err)
				} else {
					assert.ErrorIs(t, err, verify.ErrBadCredential)
				}
			})
		})
	}
}

// The label is that of the first secret that matches, whichever signature it is.
func TestSignedLabels(t *testing.T) {
	config := verify.SignedConfig{
		Header: "Sig", Separator: ",",
		Secrets: event.Secrets("the first secret", "the second secret", "the third secret"),
	}
	v := newSigned(t, config)
	first, second, third := sign("the first secret", "{}"), sign("the second secret", "{}"), sign("the third secret", "{}")
	none := strings.Repeat("0", 64)
	for sent, want := range map[string]string{
		first: "secret 1", second: "secret 2", third: "secret 3",
		third + "," + second: "secret 2", none + "," + third: "secret 3", third + "," + none + "," + first: "secret 1",
	} {
		credential, err := v.Verify(post("Sig", sent), []byte("{}"))
		require.NoError(t, err)
		assert.Equal(t, want, credential)
	}
}

// Anyone with one genuine request must not be able to move bytes from one part to another.
func TestSignedIDsAreOnePart(t *testing.T) {
	config := verify.SignedConfig{
		Header: "Sig", Signed: "{id}.{timestamp}.{body}", IDHeader: "Id", TimestampHeader: "Time",
		Secrets: event.Secrets(vectorKey),
	}
	at(t, 1614265330, func(t *testing.T) {
		v := newSigned(t, config)
		signature := sign(vectorKey, "a.1614265330.1614265331.{}")
		require.NoError(t, check(t, v, post("Sig", signature, "Id", "a", "Time", "1614265330"), "1614265331.{}"))
		require.ErrorIs(t, check(t, v, post("Sig", signature, "Id", "a.1614265330", "Time", "1614265331"), "{}"), verify.ErrBadCredential)

		require.NoError(t, check(t, v, post("Sig", sign(vectorKey, "a b/c:d.1614265330.{}"), "Id", "a b/c:d", "Time", "1614265330"), "{}"))
		require.ErrorIs(t, check(t, v, post("Sig", sign(vectorKey, ".1614265330.{}"), "Id", "", "Time", "1614265330"), "{}"), verify.ErrBadCredential)

		// A separator may also begin within the ID and end behind it.
		c := config
		c.Signed, c.TimestampHeader = "{id}--{body}", ""
		v2 := newSigned(t, c)
		signature = sign(vectorKey, "a---1")
		require.NoError(t, check(t, v2, post("Sig", signature, "Id", "a"), "-1"))
		require.ErrorIs(t, check(t, v2, post("Sig", signature, "Id", "a-"), "1"), verify.ErrBadCredential)
		require.NoError(t, check(t, v2, post("Sig", sign(vectorKey, "-a-b--1"), "Id", "-a-b"), "1"))

		// A long one does not stay in memory, and does no harm.
		long := strings.Repeat("i", 100_000)
		for range 3 {
			require.NoError(t, check(t, v, post("Sig", sign(vectorKey, long+".1614265330.{}"), "Id", long, "Time", "1614265330"), "{}"))
		}
	})
}

func TestSignedTemplates(t *testing.T) {
	for template, signed := range map[string]string{
		"":                               "{}",
		"{body}":                         "{}",
		"v1:{body}":                      "v1:{}",
		"{timestamp}{body}":              "1614265330{}",
		"{timestamp}.{id}.{body}":        "1614265330.m-1.{}",
		"<{id}|{timestamp}>\n{body}":     "<m-1|1614265330>\n{}",
		"a{timestamp}b{id}c{body}":       "a1614265330bm-1c{}",
		"körper {timestamp} {id} {body}": "körper 1614265330 m-1 {}",
	} {
		c := verify.SignedConfig{Header: "Sig", Signed: template, Secrets: event.Secrets(vectorKey)}
		if strings.Contains(template, "{id}") {
			c.IDHeader = "id"
		}
		if strings.Contains(template, "{timestamp}") {
			c.TimestampHeader = "time"
		}
		at(t, 1614265330, func(t *testing.T) {
			r := post("Sig", sign(vectorKey, signed), "Id", "m-1", "Time", "1614265330")
			assert.NoError(t, check(t, newSigned(t, c), r, "{}"), template)
			assert.ErrorIs(t, check(t, newSigned(t, c), r, "{} "), verify.ErrBadCredential, template)
		})
	}
}

func TestSignedConfigErrors(t *testing.T) {
	with := func(change func(c *verify.SignedConfig)) verify.SignedConfig {
		c := verify.SignedConfig{
			Header: "Sig", Signed: "{id}.{timestamp}.{body}", IDHeader: "Id", TimestampHeader: "Time",
			Secrets: event.Secrets(vectorKey),
		}
		change(&c)
		return c
	}
	template := func(text string) verify.SignedConfig {
		return with(func(c *verify.SignedConfig) { c.Signed = text })
	}
	_, err := verify.NewSigned(with(func(*verify.SignedConfig) {}))
	require.NoError(t, err)
	for want, c := range map[string]verify.SignedConfig{
		"Header is empty":                     with(func(c *verify.SignedConfig) { c.Header = "" }),
		"Secrets is empty":                    with(func(c *verify.SignedConfig) { c.Secrets = nil }),
		"Secrets[1] is empty":                 with(func(c *verify.SignedConfig) { c.Secrets = event.Secrets(vectorKey, "") }),
		"Secrets[0] has fewer than 16 bytes":  with(func(c *verify.SignedConfig) { c.Secrets = event.Secrets("fifteen-bytes-x") }),
		"Encoding is unknown":                 with(func(c *verify.SignedConfig) { c.Encoding = 7 }),
		"Hash has sums":                       with(func(c *verify.SignedConfig) { c.Hash = newShort }),
		"IDHeader is empty":                   with(func(c *verify.SignedConfig) { c.IDHeader = "" }),
		"IDHeader is set":                     template("{timestamp}.{body}"),
		"TimestampHeader and TimestampPrefix": with(func(c *verify.SignedConfig) { c.TimestampHeader = "" }),
		"TimestampHeader is set":              template("{id}.{body}"),
		"TimestampPrefix is set":              {Header: "Sig", Separator: ",", TimestampPrefix: "t=", Secrets: event.Secrets(vectorKey)},
		"TimestampPrefix needs":               with(func(c *verify.SignedConfig) { c.TimestampHeader, c.TimestampPrefix = "", "t=" }),
		"TimestampPrefix begins": with(func(c *verify.SignedConfig) {
			c.TimestampHeader, c.TimestampPrefix, c.Prefix, c.Separator = "", "v", "v1=", ","
		}),
		"Separator is in":                                          with(func(c *verify.SignedConfig) { c.Prefix, c.Separator = "v1,", "," }),
		"Window is negative":                                       with(func(c *verify.SignedConfig) { c.Window = -1 }),
		"Window and InsecureNoWindow":                              with(func(c *verify.SignedConfig) { c.Window, c.InsecureNoWindow = 1, true }),
		"Window is set":                                            {Header: "Sig", Window: 1, Secrets: event.Secrets(vectorKey)},
		`Signed "{url}{body}" has the unknown`:                     template("{url}{body}"),
		`Signed "{Body}" does not end`:                             template("{Body}"),
		`Signed "{timestamp}" does not end`:                        template("{timestamp}"),
		`Signed "{body}.{id}" does not end`:                        template("{body}.{id}"),
		`Signed "{body}{body}" has the unknown placeholder {body}`: template("{body}{body}"),
		`Signed "{id}.{id}.{body}" has {id} twice`:                 template("{id}.{id}.{body}"),
		`Signed "{id}{body}" has no separator after`:               template("{id}{body}"),
		`Signed "{id}{timestamp}{body}" has no separator after`:    template("{id}{timestamp}{body}"),
		`Signed "{timestamp.{body}" has a { without`:               template("{timestamp.{body}"),
		`Signed "timestamp}.{body}" has a } without`:               template("timestamp}.{body}"),
		`Signed "a{{body}" has a { without`:                        template("a{{body}"),
		`Signed "{}{body}" has the unknown`:                        template("{}{body}"),
	} {
		v, err := verify.NewSigned(c)
		assert.Nil(t, v, want)
		assert.ErrorContains(t, err, "verify: SignedConfig."+want)
	}
}

func TestSignedKeys(t *testing.T) {
	config := verify.SignedConfig{Header: "Sig"}
	for range 1000 {
		key := make([]byte, 32)
		_, _ = rand.Read(key)
		config.Secrets = []event.Secret{event.NewSecretBytes(key)}
		require.NoError(t, check(t, newSigned(t, config), post("Sig", sign(string(key), "{}")), "{}"), "%x", key)
	}
	for _, short := range []event.Secret{event.NewSecret("fifteen-bytes-x"), event.NewSecretBytes([]byte("fifteen-bytes-x"))} {
		config.Secrets, config.InsecureShortSecrets = []event.Secret{short}, false
		_, err := verify.NewSigned(config)
		assert.EqualError(t, err, "verify: SignedConfig.Secrets[0] has fewer than 16 bytes")
		config.InsecureShortSecrets = true
		assert.NoError(t, check(t, newSigned(t, config), post("Sig", sign("fifteen-bytes-x", "{}")), "{}"))
	}
	config.InsecureShortSecrets = false
	config.Secrets = event.Secrets("sixteen-bytes-xy")
	assert.NoError(t, check(t, newSigned(t, config), post("Sig", sign("sixteen-bytes-xy", "{}")), "{}"))
	config.InsecureShortSecrets = true
	for _, s := range []event.Secret{{}, event.NewSecret(" "), event.NewSecret("a\n"), masked(t)} {
		config.Secrets = []event.Secret{s}
		_, err := verify.NewSigned(config)
		assert.Error(t, err, "what is no secret is none when it may be short")
	}
}

func TestStandardWebhooksSecret(t *testing.T) {
	const text = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	key, err := base64.StdEncoding.DecodeString(text)
	require.NoError(t, err)
	for _, secret := range []string{"whsec_" + text, text} {
		s, err := verify.StandardWebhooksSecret(secret)
		require.NoError(t, err)
		assert.True(t, s.Equal(event.NewSecretBytes(key)))
	}
	for name, secret := range map[string]string{
		"empty": "", "only the prefix": "whsec_", "line feed": "whsec_" + text + "\n", "line feed within": "whsec_" + text[:8] + "\n" + text[8:],
		"space": " whsec_" + text, "not base64": "whsec_" + text[:31] + "!", "no padding": "whsec_" + text + "AA", "loose last bits": "whsec_" + text + "AB==",
		"prefix twice": "whsec_whsec_" + text, "another prefix": "whpk_" + text,
	} {
		s, err := verify.StandardWebhooksSecret(secret)
		if name == "only the prefix" {
			assert.True(t, s.IsZero(), "NewSigned refuses it")
			continue
		}
		assert.ErrorContains(t, err, "verify: the secret ", name)
		assert.True(t, s.IsZero(), name)
		assert.NotContains(t, err.Error(), text[:8], name)
	}
}

// A sender may hang on to a connection while the body arrives.
func TestSignedWindowIsAskedTwice(t *testing.T) {
	s := schemes(t)["Slack"]
	at(t, s.timestamp, func(t *testing.T) {
		v := newSigned(t, s.config)
		require.NoError(t, v.Precheck(s.request()))
		time.Sleep(6 * time.Minute)
		_, err := v.Verify(s.request(), []byte(s.body))
		assert.ErrorIs(t, err, verify.ErrStale)
	})
}

// The reference of FuzzVerify: what a request of Stripe's must be, written plainly.
func referenceStripe(secret, value, body string) bool {
	var timestamps, signatures []string
	for part := range strings.SplitSeq(value, ",") {
		part = strings.Trim(part, " \t")
		if text, ok := strings.CutPrefix(part, "t="); ok {
			timestamps = append(timestamps, text)
		} else if text, ok := strings.CutPrefix(part, "v1="); ok {
			signatures = append(signatures, text)
		}
	}
	if len(timestamps) != 1 || len(signatures) == 0 || len(signatures) > 8 {
		return false
	}
	seconds, err := strconv.ParseUint(timestamps[0], 10, 64)
	if err != nil || strconv.FormatUint(seconds, 10) != timestamps[0] || seconds > 99999999999 {
		return false
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamps[0] + "." + body))
	matched := false
	for _, text := range signatures {
		signature, err := hex.DecodeString(text)
		if err != nil || len(signature) != sha256.Size {
			return false
		}
		matched = matched || hmac.Equal(signature, mac.Sum(nil))
	}
	return matched
}
