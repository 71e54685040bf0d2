package verifytest_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
	"github.com/accesshook/accesshook/verify/verifytest"
)

// A mutant is a vendor that is broken in one way. The check of that name must find it,
// and say what is wrong.
type mutant struct {
	vendor verifytest.Vendor
	finds  string
	says   string
}

func TestCheckFinds(t *testing.T) {
	for _, mutants := range []map[string]mutant{verifiers(), replays(), lists(), limits(), decoders(), identities(), talkers()} {
		for name, m := range mutants {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				err := verifytest.CheckOne(m.vendor, m.finds)
				require.Error(t, err)
				assert.Contains(t, err.Error(), m.says)
			})
		}
	}
}

// defined is the door with another Definition.
func defined(change func(*verify.Definition)) verifytest.Vendor {
	v := door()
	v.New = newOf(doorVerifier, func(d *verify.Definition) {
		d.Vendor = "door"
		d.Decode = func(_ http.Header, body []byte) (*event.Event, error) { return decodeDoor(body) }
		change(d)
	})
	return v
}

// verifying is the door with another verifier.
func verifying(wrap func(verify.Verifier) verify.Verifier) verifytest.Vendor {
	return defined(func(d *verify.Definition) { d.Verifier = wrap(d.Verifier) })
}

// decoding is the door with another decoder.
func decoding(decode func(h http.Header, body []byte) (*event.Event, error)) verifytest.Vendor {
	return defined(func(d *verify.Definition) { d.Decode = decode })
}

// changing is the door with events that are changed.
func changing(change func(h http.Header, body []byte, e *event.Event)) verifytest.Vendor {
	return decoding(func(h http.Header, body []byte) (*event.Event, error) {
		e, err := decodeDoor(body)
		if err == nil {
			change(h, body, e)
		}
		return e, err
	})
}

// wrapped is a scheme with a verifier around the right one.
func wrapped(s scheme, wrap func(verify.Verifier) verify.Verifier) verifytest.Vendor {
	s.verifier = func(c verify.SignedConfig) (verify.Verifier, error) {
		v, err := verify.NewSigned(c)
		return wrap(v), err
	}
	return s.vendor()
}

// broken is a scheme with a verifier that is made by hand.
func broken(s scheme, change func(*handmade)) verifytest.Vendor {
	s.verifier = byHand(change)
	return s.vendor()
}

// The mutants that are made by hand fail for what is broken in them, and not because
// they are made by hand.
func TestCheckAcceptsByHand(t *testing.T) {
	for name, s := range map[string]scheme{"Slack": slack, "Stripe": stripe, "Standard Webhooks": standard} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			verifytest.Run(t, broken(s, func(*handmade) {}))
		})
	}
	t.Run("tokens", func(t *testing.T) {
		t.Parallel()
		v := comparing(func(sent, accepted string) bool { return sent == accepted })
		require.NoError(t, verifytest.CheckOne(v, "refuses a damaged credential"))
	})
	for name, v := range map[string]verifytest.Vendor{
		"defined":  defined(func(*verify.Definition) {}),
		"changing": changing(func(http.Header, []byte, *event.Event) {}),
		"wrapped":  wrapped(standard, func(v verify.Verifier) verify.Verifier { return v }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			verifytest.Run(t, v)
		})
	}
}

func verifiers() map[string]mutant {
	signsFirstByte := verifying(func(v verify.Verifier) verify.Verifier { return firstByte{v} })
	signsFirstByte.NewRequest = func(ctx context.Context, url, secret string, body []byte) (*http.Request, error) {
		r, err := doorRequest(ctx, url, secret, body)
		if err == nil {
			r.Header.Set("X-Door-Signature", "sha256="+sign(secret, body[:min(1, len(body))]))
		}
		return r, err
	}
	forgetful := door()
	forgetful.New = func(secrets []event.Secret, c verify.Config) (*verify.Endpoint, error) {
		return newDoor(secrets[:min(1, len(secrets))], c)
	}
	takesEmpty := door()
	takesEmpty.New = func(secrets []event.Secret, c verify.Config) (*verify.Endpoint, error) {
		if len(secrets) == 0 || secrets[0].IsZero() {
			secrets = event.Secrets("the default secret")
		}
		return newDoor(secrets, c)
	}
	keepsOld := door()
	keepsOld.NewVerifier = func(secrets ...event.Secret) (verify.Verifier, error) {
		if _, err := doorVerifier(secrets...); err != nil {
			return nil, err
		}
		return doorVerifier(event.NewSecret("door secret number one"))
	}
	normalizesPrefix := bodyID(func(*verify.Definition) {})
	normalizesPrefix.New = newOf(func(ids ...event.Secret) (verify.Verifier, error) {
		return verify.NewBodyID(verify.BodyIDConfig{IDs: ids, Normalize: func(dst, text []byte) ([]byte, bool) {
			return normalize(dst, text[:min(12, len(text))])
		}})
	}, func(*verify.Definition) {})
	const repeated, damaged = "refuses a repeated credential", "refuses a damaged credential"
	return map[string]mutant{
		"a verifier that always says yes": {
			verifying(func(verify.Verifier) verify.Verifier { return always{} }), "refuses another credential", "answered 200, want 401"},
		"a verifier that forgets the second secret": {forgetful, "accepts every credential of a rotation", "credential 2"},
		"a verifier that signs the first byte":      {signsFirstByte, "refuses one flipped bit anywhere in a signed body", "bit 0 of byte 1 flipped"},
		"a verifier that takes no signature for a good one": {
			verifying(func(v verify.Verifier) verify.Verifier { return missingIsFine{v} }), "refuses a missing credential", "answered 200, want 401"},
		"a verifier that falls back to an older signature": {
			wrapped(gitHub, func(v verify.Verifier) verify.Verifier { return older{v} }), "refuses a missing credential", "answered 200, want 401"},
		"a verifier that takes the first of two signatures": {
			verifying(func(v verify.Verifier) verify.Verifier { return oneOf{v, "X-Door-Signature", first} }), repeated, "2 values"},
		"a verifier that takes the last of two signatures": {
			verifying(func(v verify.Verifier) verify.Verifier { return oneOf{v, "X-Door-Signature", last} }), repeated, "2 values"},
		"a verifier that takes the right one of two signatures": {
			verifying(func(v verify.Verifier) verify.Verifier { return anyOf{v, "X-Door-Signature"} }), repeated, "2 values"},
		"hex of one case only": {
			verifying(func(v verify.Verifier) verify.Verifier { return lowerOnly{v} }), "accepts hex of either case", ""},
		"base64 of any case": {
			broken(standard, func(v *handmade) { v.equal = strings.EqualFold }), damaged, "a letter of another case"},
		"a signature that may be cut short": {
			broken(slack, func(v *handmade) { v.equal = func(sent, want string) bool { return strings.HasPrefix(want, sent) } }), damaged, "without the last character"},
		"a signature with anything behind it": {
			broken(slack, func(v *handmade) { v.equal = strings.HasPrefix }), damaged, "with a character more"},
		"half a signature": {
			broken(slack, func(v *handmade) {
				v.equal = func(sent, want string) bool { return len(sent) == len(want) && sent[:32] == want[:32] }
			}), damaged, "with another character 36 of 67"},
		"a token that may be cut short": {
			comparing(func(sent, accepted string) bool { return strings.HasPrefix(accepted, sent) }), damaged, "without the last character"},
		"a token with anything behind it":                      {comparing(strings.HasPrefix), damaged, "with a character more"},
		"a token of any case":                                  {comparing(strings.EqualFold), damaged, "a letter of another case"},
		"an ID in the body of which only the beginning counts": {normalizesPrefix, damaged, "without the last character"},
		"a constructor that takes an empty secret":             {takesEmpty, "refuses weak credentials at construction", "a constructor (New) accepted"},
		"a verifier that does not change":                      {keepsOld, "swaps verifiers", "after SetVerifier"},
	}
}

// comparing is a vendor whose tokens are compared by equal.
func comparing(equal func(sent, accepted string) bool) verifytest.Vendor {
	return bearer(func(accepted ...event.Secret) (verify.Verifier, error) {
		if _, err := verify.NewBearer(accepted...); err != nil {
			return nil, err
		}
		return tokens{accepted, equal}, nil
	})
}

func replays() map[string]mutant {
	const window, headers = "refuses timestamps outside the window", "refuses changed headers that are signed"
	lax := func(s scheme) verifytest.Vendor {
		s.config.InsecureNoWindow = true
		return s.vendor()
	}
	claims := func(is time.Duration) verifytest.Vendor {
		s := standard
		s.config.Window = is
		v := s.vendor()
		v.Window = verify.DefaultWindow
		return v
	}
	unsignedID := standard
	unsignedID.config.Signed, unsignedID.config.IDHeader = "{timestamp}.{body}", ""
	unsignedID.sign = func(h http.Header, key, timestamp string, body []byte) {
		standard.sign(h, key, timestamp, body)
		h.Set("Webhook-Signature", "v1,"+base64Of(sign(key, []byte(timestamp+"."+string(body)))))
	}
	claimsID := unsignedID.vendor()
	claimsID.SignedHeaders = append(claimsID.SignedHeaders, "Webhook-Id")
	unsignedTime := standard
	unsignedTime.sign = func(h http.Header, key, timestamp string, body []byte) {
		standard.sign(h, key, timestamp, body)
		h.Set("Webhook-Signature", "v1,"+base64Of(sign(key, []byte(h.Get("Webhook-Id")+"."+string(body)))))
	}
	unsignedTime.verifier = byHand(func(v *handmade) {
		v.signed = func(id, _ string, body []byte) string { return id + "." + string(body) }
	})
	glued := standard
	glued.sign = func(h http.Header, key, timestamp string, body []byte) {
		standard.sign(h, key, timestamp, body)
		h.Set("Webhook-Signature", "v1,"+base64Of(sign(key, []byte(timestamp+h.Get("Webhook-Id")+string(body)))))
	}
	glued.verifier = byHand(func(v *handmade) {
		v.signed = func(id, timestamp string, body []byte) string { return timestamp + id + string(body) }
	})
	pastOnly := func(timestamp string, window time.Duration) bool {
		var n int64
		_, err := fmt.Sscanf(timestamp, "%d", &n)
		return err == nil && time.Since(time.Unix(n, 0)) <= window
	}
	ifNumber := func(timestamp string, window time.Duration) bool {
		var n int64
		_, err := fmt.Sscanf(timestamp, "%d", &n)
		return err != nil || time.Since(time.Unix(n, 0)).Abs() <= window
	}
	firstOf := func(values []string) (string, bool) {
		if len(values) == 0 {
			return "", false
		}
		return values[0], true
	}
	return map[string]mutant{
		"Standard Webhooks: the window is ignored": {lax(standard), window, "2 seconds longer ago"},
		"Slack: the window is ignored":             {lax(slack), window, "2 seconds longer ago"},
		"Stripe: the window is ignored":            {lax(stripe), window, "2 seconds longer ago"},
		"a window larger than is claimed":          {claims(10 * verify.DefaultWindow), window, "2 seconds longer ago"},
		"a window smaller than is claimed":         {claims(time.Minute), window, "half the window ago"},
		"a window into the past alone":             {broken(slack, func(v *handmade) { v.fresh = pastOnly }), window, "twice the window ahead"},
		"a timestamp that is not parsed":           {broken(slack, func(v *handmade) { v.fresh = ifNumber }), window, `the timestamp ""`},
		"Stripe: a timestamp that is not parsed":   {broken(stripe, func(v *handmade) { v.fresh = ifNumber }), window, `the timestamp ""`},
		"an ID that is claimed to be signed":       {claimsID, headers, "header Webhook-Id with 0 values"},
		"an ID that is not signed":                 {unsignedID.vendor(), "ignores other headers", "header Webhook-Id, which is neither"},
		"a timestamp that is not signed":           {unsignedTime.vendor(), headers, "header Webhook-Timestamp with another character"},
		"the first of two IDs":                     {wrapped(standard, func(v verify.Verifier) verify.Verifier { return oneOf{v, "Webhook-Id", first} }), headers, "header Webhook-Id with 2 values"},
		"the first of two timestamps":              {broken(slack, func(v *handmade) { v.one = firstOf }), headers, "header X-Slack-Request-Timestamp with 2 values"},
		"an ID that may hold the separator":        {broken(standard, func(v *handmade) { v.goodID = func(id string) bool { return id != "" } }), "refuses bytes moved from a body to a signed header", `header Webhook-Id, with "."`},
		"an ID without a separator":                {glued.vendor(), "refuses bytes moved from a body to a signed header", `header Webhook-Id, with ""`},
	}
}

// lists are mutants whose header has several parts.
func lists() map[string]mutant {
	const damaged, window = "refuses a damaged credential", "refuses timestamps outside the window"
	// signedIsFirst signs the first timestamp and compares the last one with the time.
	signedIsFirst := func(v *handmade) {
		parts, signed, firstTime := v.parts, v.signed, ""
		v.parts = func(value string) (string, []string, bool) {
			timestamp, signatures, _ := parts(value)
			firstTime, _, _ = parts(strings.SplitN(value, ",", 2)[0])
			return timestamp, signatures, true
		}
		v.signed = func(id, _ string, body []byte) string { return signed(id, firstTime, body) }
	}
	return map[string]mutant{
		"no signature of the right scheme": {
			broken(stripe, func(v *handmade) { v.missing = true }), damaged, "part 2 left out"},
		"a signature in a list that may be cut short": {
			broken(stripe, func(v *handmade) { v.equal = func(sent, want string) bool { return strings.HasPrefix(want, sent) } }), damaged, "part 2 without the last character"},
		"an old timestamp that is signed, and a new one": {broken(stripe, signedIsFirst), window, "an old request with a part of a new one"},
		"a list of anything":                             {wrapped(stripe, func(v verify.Verifier) verify.Verifier { return always{} }), damaged, "no part of header Stripe-Signature is checked"},
	}
}

func limits() map[string]mutant {
	decodeAsObject := func(_ http.Header, body []byte) (*event.Event, error) {
		if e, err := decodeDoor(body); err == nil {
			return e, nil
		}
		return decodeDoor([]byte("{}"))
	}
	return map[string]mutant{
		"a body limit that is not kept": {
			defined(func(d *verify.Definition) { d.Config.MaxBody = 1 << 20 }), "bounds the body in size", "Check said <nil>, want verify: body too large"},
		"a body timeout that is not kept": {
			defined(func(d *verify.Definition) { d.Config.BodyTimeout = time.Hour }), "bounds the body in time", "half a body"},
		"a body that is not an object is an event": {
			decoding(decodeAsObject), "refuses what is no JSON object", "answered 200, want 400"},
		"a body that cannot be decoded is lost": {
			defined(func(d *verify.Definition) {
				d.Config.Wrap = append(d.Config.Wrap, func(h event.Handler) event.Handler {
					return event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
						if e.Payload == nil {
							return nil
						}
						return h.HandleEvent(ctx, e)
					})
				})
			}), "refuses what is no JSON object", "0 events, want 1"},
		"nesting without a bound": {
			decoding(func(_ http.Header, body []byte) (*event.Event, error) {
				if bytes.Contains(body, []byte("[[[[")) {
					body = []byte("{}")
				}
				return decodeDoor(body)
			}), "bounds nesting", "64 arrays in an object"},
		"callbacks that are not heard": {
			defined(func(d *verify.Definition) {
				d.Config.Wrap = append(d.Config.Wrap, func(h event.Handler) event.Handler {
					return event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
						_ = event.Recover(h).HandleEvent(ctx, e)
						return nil
					})
				})
			}), "answers for its callback", "an error: answered 200, want 500"},
	}
}

func decoders() map[string]mutant {
	const drift, headers = "tolerates drifted fields", "tolerates drifted headers"
	simple := func(p *doorEvent) *event.Event {
		e := &event.Event{Time: p.At, Payload: p}
		setKind(e, p.Event)
		e.Lock.ID = p.Door
		return e
	}
	unsteady := gitHub
	unsteady.decode = func(h http.Header, body []byte) (*event.Event, error) {
		if h != nil && doorTypes[h.Get("X-Github-Event")] == "" {
			return nil, errors.New("acme: unknown kind")
		}
		return gitHub.decoder()(h, body)
	}
	return map[string]mutant{
		"an unknown event is an error": {
			decoding(func(_ http.Header, body []byte) (*event.Event, error) {
				e, err := decodeDoor(body)
				if err == nil && e.Type == event.Unknown {
					return nil, errors.New("door: unknown event")
				}
				return e, err
			}), "accepts an unknown event", "answered 400, want 200"},
		"a kind in a header that is unknown is an error": {unsteady.vendor(), headers, "header X-Github-Event"},
		"encoding/json: the event is lost": {
			decoding(func(_ http.Header, body []byte) (*event.Event, error) {
				p := new(doorEvent)
				if err := json.Unmarshal(body, p); err != nil {
					return nil, errors.New("door: body cannot be decoded")
				}
				return simple(p), nil
			}), drift, "malformed body"},
		"encoding/json: a field is lost": {
			decoding(func(_ http.Header, body []byte) (*event.Event, error) {
				p := new(doorEvent)
				if err := json.Unmarshal(body, p); err != nil && !json.Valid(body) {
					return nil, errors.New("door: body cannot be decoded")
				}
				return simple(p), nil
			}), drift, "is lost without a warning"},
		"a map: a field is lost": {
			decoding(func(_ http.Header, body []byte) (*event.Event, error) {
				var m map[string]any
				if err := json.Unmarshal(body, &m); err != nil {
					return nil, errors.New("door: body cannot be decoded")
				}
				p := new(doorEvent)
				p.Event, _ = m["event"].(string)
				p.Door, _ = m["door"].(string)
				return simple(p), nil
			}), drift, "is lost without a warning"},
		"a string that is lost": {
			changing(func(_ http.Header, body []byte, e *event.Event) {
				if json.Unmarshal(body, new(struct{ Door string })) != nil {
					e.Lock.ID, e.Payload.(*doorEvent).Door, e.Warnings = "", "", nil
				}
			}), drift, "12 for /door is lost without a warning"},
		"a time that is lost": {
			changing(func(_ http.Header, body []byte, e *event.Event) {
				if json.Unmarshal(body, new(struct{ At time.Time })) != nil {
					e.Time, e.Payload.(*doorEvent).At, e.Warnings = time.Time{}, time.Time{}, nil
				}
			}), drift, "12 for /at is lost without a warning"},
		"a warning that does not say what came": {
			changing(func(_ http.Header, _ []byte, e *event.Event) {
				for i := range e.Warnings {
					e.Warnings[i].Got = ""
				}
			}), drift, "incomplete warning"},
		"a new member is an error": {
			decoding(func(_ http.Header, body []byte) (*event.Event, error) {
				dec := json.NewDecoder(bytes.NewReader(body))
				dec.DisallowUnknownFields()
				if err := dec.Decode(new(struct{ Event, Door, Code, At, ID any })); err != nil {
					return nil, errors.New("door: new member")
				}
				return decodeDoor(body)
			}), "tolerates new members", "a new member in /"},
		"an event without a payload": {
			changing(func(_ http.Header, _ []byte, e *event.Event) { e.Payload = nil }), "accepts genuine requests", "Payload"},
		"a payload that cannot be encoded": {
			changing(func(_ http.Header, _ []byte, e *event.Event) { e.Payload = &struct{ F func() }{} }), "encodes what it accepts and decodes it back", "unsupported type"},
	}
}

// identities are mutants that make several events of one, or one of several.
func identities() map[string]mutant {
	const one, others = "makes one event of one body", "ignores other headers"
	sum := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return hex.EncodeToString(sum[:])
	}
	bare := bodyID(func(d *verify.Definition) { d.Verifier = struct{ verify.Verifier }{d.Verifier} })
	hidden := gitHub.vendor()
	hidden.OwnIDs = false
	kind := door()
	kind.NewRequest = func(ctx context.Context, url, secret string, body []byte) (*http.Request, error) {
		r, err := doorRequest(ctx, url, secret, body)
		if err == nil {
			r.Header.Set("X-Door-Kind", "opened")
		}
		return r, err
	}
	kind.New = changing(func(h http.Header, _ []byte, e *event.Event) { e.VendorType = h.Get("X-Door-Kind") }).New
	calls := 0
	return map[string]mutant{
		"IDs that do not depend on the body": {
			changing(func(_ http.Header, _ []byte, e *event.Event) { e.ID = "1" }), "agrees with itself", "has the same ID"},
		"IDs that depend on the signature": {
			changing(func(h http.Header, body []byte, e *event.Event) { e.ID = sum(h.Get("X-Door-Signature") + string(body)) }), one, "depends on the credential"},
		"IDs that depend on a secret in the body": {bare, one, "depends on the credential"},
		"IDs that depend on the order of headers": {
			changing(func(h http.Header, body []byte, e *event.Event) {
				text := string(body)
				for name := range h {
					if name == "Content-Type" || name == "Via" {
						text += name
					}
				}
				e.ID = sum(text)
			}), one, "one request is two events"},
		"IDs that depend on all headers": {
			changing(func(h http.Header, body []byte, e *event.Event) { e.ID = sum(fmt.Sprint(h) + string(body)) }), others, "the event depends on header"},
		"IDs that count": {
			changing(func(_ http.Header, _ []byte, e *event.Event) { calls++; e.ID = fmt.Sprint(calls) }), one, "one request is two events"},
		"IDs that depend on a header of a proxy": {
			changing(func(h http.Header, _ []byte, e *event.Event) { e.ID = h.Get("X-Request-Id") }), others, "the event depends on header X-Request-Id"},
		"IDs in a header that nothing signs":   {hidden, others, "the ID depends on header X-Github-Delivery"},
		"a kind in a header that is not named": {kind, others, "the event depends on header X-Door-Kind"},
	}
}

// talkers are mutants that let secrets out.
func talkers() map[string]mutant {
	const keeps = "keeps secrets"
	talks := func(expected func(body []byte) string) verifytest.Vendor {
		return verifying(func(v verify.Verifier) verify.Verifier { return talkative{v, expected} })
	}
	return map[string]mutant{
		"a verifier that tells the secret": {
			talks(func([]byte) string { return "door secret number one" }), keeps, "an error about a stranger"},
		"a verifier that tells the signature": {
			talks(func(body []byte) string { return sign("door secret number one", body) }), keeps, "an error about a stranger"},
		"a payload that shows its secret": {
			changing(func(_ http.Header, _ []byte, e *event.Event) { e.Reason, _ = e.Payload.(*doorEvent).Code.Reveal() }), keeps, "a CloudEvent"},
		"an event with the credential": {
			changing(func(h http.Header, _ []byte, e *event.Event) { e.Reason = h.Get("X-Door-Signature") }), keeps, "a CloudEvent"},
		"an error that quotes the body": {
			decoding(func(_ http.Header, body []byte) (*event.Event, error) {
				e, err := decodeDoor(body)
				if err != nil {
					err = fmt.Errorf("door: cannot decode %q", body)
				}
				return e, err
			}), keeps, "the log"},
		"a Decode with an error that quotes the body": {
			func() verifytest.Vendor {
				v := door()
				v.Decode = func(body []byte) (*event.Event, error) {
					e, err := decodeDoor(body)
					if err != nil {
						err = fmt.Errorf("door: cannot decode %q", body)
					}
					return e, err
				}
				return v
			}(), keeps, "an error of Decode"},
		"a warning that quotes the value": {
			changing(func(_ http.Header, body []byte, e *event.Event) {
				for i := range e.Warnings {
					e.Warnings[i].Got = string(body)
				}
			}), "tolerates drifted fields", "a warning shows the value"},
	}
}
