package verifytest_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"testing"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
	"github.com/accesshook/accesshook/verify/verifytest"
)

// A notice is the body of the vendors in this file.
type notice struct {
	ID   string    `json:"id,omitzero"`
	Kind string    `json:"kind,omitzero"`
	User string    `json:"user,omitzero"`
	At   time.Time `json:"at,omitzero"`
}

// A scheme is how a vendor signs, and where its IDs and event kinds are.
type scheme struct {
	config     verify.SignedConfig
	binary     bool // the secrets are those of Standard Webhooks
	sign       func(h http.Header, key, timestamp string, body []byte)
	idHeader   string
	kindHeader string

	// What a test may break. Nil: right.
	verifier func(verify.SignedConfig) (verify.Verifier, error)
	decode   func(h http.Header, body []byte) (*event.Event, error)
}

var (
	gitHub = scheme{
		config: verify.SignedConfig{Header: "X-Hub-Signature-256", Prefix: "sha256="},
		sign: func(h http.Header, key, _ string, body []byte) {
			h.Set("X-Hub-Signature", "sha1=0000000000000000000000000000000000000000") // of an older scheme
			h.Set("X-Hub-Signature-256", "sha256="+sign(key, body))
		},
		idHeader: "X-Github-Delivery", kindHeader: "X-Github-Event",
	}
	shopify = scheme{
		config: verify.SignedConfig{Header: "X-Shopify-Hmac-Sha256", Encoding: verify.Base64},
		sign: func(h http.Header, key, _ string, body []byte) {
			h.Set("X-Shopify-Hmac-Sha256", base64Of(sign(key, body)))
		},
		kindHeader: "X-Shopify-Topic",
	}
	slack = scheme{
		config: verify.SignedConfig{
			Header: "X-Slack-Signature", Prefix: "v0=",
			Signed: "v0:{timestamp}:{body}", TimestampHeader: "X-Slack-Request-Timestamp",
		},
		sign: func(h http.Header, key, timestamp string, body []byte) {
			h.Set("X-Slack-Request-Timestamp", timestamp)
			h.Set("X-Slack-Signature", "v0="+sign(key, []byte("v0:"+timestamp+":"+string(body))))
		},
	}
	stripe = scheme{
		config: verify.SignedConfig{
			Header: "Stripe-Signature", Prefix: "v1=", Separator: ",",
			Signed: "{timestamp}.{body}", TimestampPrefix: "t=",
		},
		sign: func(h http.Header, key, timestamp string, body []byte) {
			h.Set("Stripe-Signature", "t="+timestamp+",v1="+sign(key, []byte(timestamp+"."+string(body)))+",v0="+sign("of tests", body))
		},
	}
	standard = scheme{
		config: verify.SignedConfig{
			Header: "Webhook-Signature", Prefix: "v1,", Separator: " ", Encoding: verify.Base64,
			Signed: "{id}.{timestamp}.{body}", IDHeader: "Webhook-Id", TimestampHeader: "Webhook-Timestamp",
		},
		binary: true,
		sign: func(h http.Header, key, timestamp string, body []byte) {
			id := "msg_" + sign("an ID", body)[:24]
			h.Set("Webhook-Id", id)
			h.Set("Webhook-Timestamp", timestamp)
			h.Set("Webhook-Signature", "v1,"+base64Of(sign(key, []byte(id+"."+timestamp+"."+string(body)))))
		},
		idHeader: "Webhook-Id",
	}
)

// TestSchemes shows that a vendor passes who signs as others do.
func TestSchemes(t *testing.T) {
	hashed := gitHub
	hashed.idHeader = ""
	several := standard
	several.sign = func(h http.Header, key, timestamp string, body []byte) {
		standard.sign(h, key, timestamp, body)
		h.Set("Webhook-Signature", "v1a,AAAA "+h.Get("Webhook-Signature"))
	}
	anew := standard
	anew.sign = func(h http.Header, key, timestamp string, body []byte) {
		id := "msg_" + rand.Text()
		standard.sign(h, key, timestamp, body)
		h.Set("Webhook-Id", id)
		h.Set("Webhook-Signature", "v1,"+base64Of(sign(key, []byte(id+"."+timestamp+"."+string(body)))))
	}
	for name, s := range map[string]scheme{
		"GitHub": gitHub, "GitHub, the ID left empty": hashed, "Shopify": shopify, "Slack": slack, "Stripe": stripe,
		"Standard Webhooks": standard, "Standard Webhooks, two signatures": several, "Standard Webhooks, a new ID each time": anew,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			verifytest.Run(t, s.vendor())
		})
	}
	t.Run("a bearer token", func(t *testing.T) {
		t.Parallel()
		verifytest.Run(t, bearer(func(tokens ...event.Secret) (verify.Verifier, error) { return verify.NewBearer(tokens...) }))
	})
	t.Run("an ID in the body", func(t *testing.T) {
		t.Parallel()
		verifytest.Run(t, bodyID(func(d *verify.Definition) {}))
	})
}

func (s scheme) vendor() verifytest.Vendor {
	request := func(ctx context.Context, url, secret, timestamp string, body []byte) (*http.Request, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		key, err := s.key(event.NewSecret(secret))
		if err != nil {
			return nil, err
		}
		text, _ := key.Reveal()
		s.sign(r.Header, text, timestamp, body)
		return r, nil
	}
	v := verifytest.Vendor{
		New:         newOf(s.newVerifier, func(d *verify.Definition) { d.Decode = s.decoder() }),
		NewVerifier: s.newVerifier,
		Decode:      func(body []byte) (*event.Event, error) { return s.decoder()(nil, body) },
		Credentials: [3]string{"the first secret of tests", "the second secret of tests", "the secret of a stranger"},
		Header:      s.config.Header,
		Separator:   s.config.Separator,
		Signed:      true,
		Hex:         s.config.Encoding == verify.Hex,
		OwnIDs:      s.idHeader != "",
		Payloads: map[string][]byte{
			"opened": []byte(`{"id":"n-1","kind":"opened","user":"ada","at":"2024-05-14T08:31:07Z"}`),
			"closed": []byte(`{"id":"n-2","kind":"closed","user":"ada","at":"2024-05-14T08:32:07Z"}`),
		},
		Unknown: []byte(`{"id":"n-3","kind":"painted","user":"ada"}`),
	}
	if s.binary {
		for i, text := range v.Credentials {
			v.Credentials[i] = "whsec_" + base64.StdEncoding.EncodeToString([]byte(text))
		}
	}
	for _, name := range []string{s.config.IDHeader, s.config.TimestampHeader} {
		if name != "" {
			v.SignedHeaders = append(v.SignedHeaders, name)
		}
	}
	if s.config.TimestampHeader+s.config.TimestampPrefix != "" {
		v.Window, v.NewRequestAt = cmp.Or(s.config.Window, verify.DefaultWindow), request
	} else {
		v.NewRequest = func(ctx context.Context, url, secret string, body []byte) (*http.Request, error) {
			return request(ctx, url, secret, "", body)
		}
	}
	if s.kindHeader != "" {
		headers := func(kind, id string) http.Header {
			h := http.Header{s.kindHeader: {kind}}
			if s.idHeader != "" {
				h.Set(s.idHeader, id)
			}
			return h
		}
		for name, body := range v.Payloads {
			v.Payloads[name] = bytes.Replace(body, []byte(`"kind":"`+name+`",`), nil, 1)
		}
		v.Unknown = []byte(`{"id":"n-3","user":"ada"}`)
		v.Headers = map[string]http.Header{"opened": headers("opened", "d-1"), "closed": headers("closed", "d-2")}
		v.UnknownHeader = headers("painted", "d-3")
	}
	return v
}

func (s scheme) key(secret event.Secret) (event.Secret, error) {
	if !s.binary {
		return secret, nil
	}
	text, _ := secret.Reveal()
	return verify.StandardWebhooksSecret(text)
}

func (s scheme) newVerifier(secrets ...event.Secret) (verify.Verifier, error) {
	c := s.config
	for _, secret := range secrets {
		key, err := s.key(secret)
		if err != nil {
			return nil, err
		}
		c.Secrets = append(c.Secrets, key)
	}
	v, err := verify.NewSigned(c)
	if err != nil || s.verifier == nil {
		return v, err
	}
	return s.verifier(c)
}

func (s scheme) decoder() func(h http.Header, body []byte) (*event.Event, error) {
	if s.decode != nil {
		return s.decode
	}
	return func(h http.Header, body []byte) (*event.Event, error) {
		e, err := decodeNotice(body)
		if err != nil {
			return nil, err
		}
		if s.idHeader != "" {
			e.ID = h.Get(s.idHeader)
		}
		if s.kindHeader != "" {
			setKind(e, h.Get(s.kindHeader))
		}
		return e, nil
	}
}

// decodeNotice leaves the ID empty.
func decodeNotice(body []byte) (*event.Event, error) {
	p := new(notice)
	warnings, err := verify.Unmarshal(body, p)
	if err != nil {
		return nil, err
	}
	e := &event.Event{Vendor: "acme", Time: p.At, Payload: p, Warnings: warnings}
	setKind(e, p.Kind)
	e.User.ID = p.User
	return e, nil
}

func setKind(e *event.Event, kind string) {
	e.VendorType, e.Type = kind, event.Unknown
	if t, ok := doorTypes[kind]; ok {
		e.Type = t
	}
	e.Outcome, e.Severity = e.Type.Outcome(), e.Type.Severity()
}

// newOf makes the New of a vendor, with its Definition as change leaves it.
func newOf(newVerifier func(...event.Secret) (verify.Verifier, error), change func(*verify.Definition)) func([]event.Secret, verify.Config) (*verify.Endpoint, error) {
	return func(secrets []event.Secret, c verify.Config) (*verify.Endpoint, error) {
		v, err := newVerifier(secrets...)
		if err != nil {
			return nil, err
		}
		d := verify.Definition{
			Vendor: "acme", Verifier: v, Config: c,
			Decode: func(_ http.Header, body []byte) (*event.Event, error) { return decodeNotice(body) },
		}
		change(&d)
		return verify.NewEndpoint(d)
	}
}

// bearer is a vendor that sends a token.
func bearer(newVerifier func(...event.Secret) (verify.Verifier, error)) verifytest.Vendor {
	v := slack.vendor()
	v.New, v.NewVerifier, v.Header = newOf(newVerifier, func(*verify.Definition) {}), newVerifier, "Authorization"
	v.Signed, v.Hex, v.SignedHeaders, v.Window, v.NewRequestAt = false, false, nil, 0, nil
	v.NewRequest = func(ctx context.Context, url, token string, body []byte) (*http.Request, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
		if err == nil {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		return r, err
	}
	v.Credentials = [3]string{"the-first-token-of-tests", "the-second-token-of-tests", "the-token-of-a-stranger"}
	return v
}

// bodyID is a vendor that sends a secret in the body.
func bodyID(change func(*verify.Definition)) verifytest.Vendor {
	newVerifier := func(ids ...event.Secret) (verify.Verifier, error) {
		return verify.NewBodyID(verify.BodyIDConfig{IDs: ids, Normalize: normalize})
	}
	v := bearer(newVerifier)
	v.New, v.Header = newOf(newVerifier, change), ""
	v.NewRequest = func(ctx context.Context, url, _ string, body []byte) (*http.Request, error) {
		return http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	}
	for name, body := range v.Payloads {
		v.Payloads[name] = bytes.Replace(body, []byte("{"), []byte(`{"secret":"`+verifytest.Placeholder+`",`), 1)
	}
	v.Unknown = []byte(`{"secret":"` + verifytest.Placeholder + `","kind":"painted"}`)
	return v
}

func normalize(dst, text []byte) ([]byte, bool) {
	return append(dst, text...), bytes.HasPrefix(text, []byte("the-"))
}

func base64Of(digits string) string {
	sum, _ := hex.DecodeString(digits)
	return base64.StdEncoding.EncodeToString(sum)
}
