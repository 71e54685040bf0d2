package verifytest_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
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

// What follows until TestFifthVendor is a whole vendor package, written with the
// public API and the standard library alone.

type doorEvent struct {
	Event string          `json:"event,omitempty"`
	Door  string          `json:"door,omitempty"`
	Code  event.Secret    `json:"code,omitzero"`
	At    json.RawMessage `json:"at,omitempty"`
}

var doorTypes = map[string]event.Type{"opened": event.LockUnlocked, "closed": event.LockLocked}

func decodeDoor(body []byte) (*event.Event, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil || fields == nil {
		return nil, errors.New("door: body is not a JSON object")
	}
	if strings.Count(string(body), "[")+strings.Count(string(body), "{") > 64 {
		return nil, errors.New("door: body is nested too deep")
	}
	sum := sha256.Sum256(body)
	p := new(doorEvent)
	e := &event.Event{ID: hex.EncodeToString(sum[:]), Vendor: "door", Source: "door", Payload: p}
	field := func(name string, to any) {
		if raw, ok := fields[name]; ok && json.Unmarshal(raw, to) != nil {
			e.Warnings = append(e.Warnings, event.Warning{Path: "/" + name, Want: "string", Got: "another"})
		}
	}
	field("event", &p.Event)
	field("door", &p.Door)
	field("code", &p.Code)
	var at time.Time
	if field("at", &at); at.Year() > 1 && at.UTC().Year() < 9999 {
		e.Time = at
		p.At, _ = json.Marshal(at)
	}
	e.Type = event.Unknown
	if t, ok := doorTypes[p.Event]; ok {
		e.Type = t
	}
	e.VendorType = p.Event
	e.Outcome, e.Severity = e.Type.Outcome(), e.Type.Severity()
	e.Lock.ID = p.Door
	return e, nil
}

func doorVerifier(secrets ...event.Secret) (verify.Verifier, error) {
	return verify.NewSigned(verify.SignedConfig{Header: "X-Door-Signature", Prefix: "sha256=", Secrets: secrets})
}

func newDoor(secrets []event.Secret, c verify.Config) (*verify.Endpoint, error) {
	v, err := doorVerifier(secrets...)
	if err != nil {
		return nil, err
	}
	return verify.NewEndpoint(verify.Definition{
		Vendor: "door", Verifier: v, Config: c,
		Decode: func(_ http.Header, body []byte) (*event.Event, error) { return decodeDoor(body) },
	})
}

func doorRequest(ctx context.Context, url, secret string, body []byte) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("X-Door-Signature", "sha256="+sign(secret, body))
	return r, nil
}

func door() verifytest.Vendor {
	return verifytest.Vendor{
		New: newDoor, NewVerifier: doorVerifier, NewRequest: doorRequest, Decode: decodeDoor,
		Credentials: [3]string{"door secret number one", "door secret number two", "a stranger's door secret"},
		Header:      "X-Door-Signature",
		Signed:      true,
		Hex:         true,
		Payloads: map[string][]byte{
			"opened": []byte(`{"event":"opened","door":"north","code":"7355608-canary","at":"2024-05-14T08:31:07Z"}`),
			"closed": []byte(`{"event":"closed","door":"north","at":"2024-05-14T08:32:07Z"}`),
		},
		Unknown:  []byte(`{"event":"painted","door":"north"}`),
		Canaries: []string{"7355608-canary"},
	}
}

// TestFifthVendor shows that public API is enough for a vendor of one's own.
func TestFifthVendor(t *testing.T) { verifytest.Run(t, door()) }

// TestCheckFinds breaks the vendor in one way after another: the suite must
// notice each.
func TestCheckFinds(t *testing.T) {
	definition := func(change func(*verify.Definition)) func([]event.Secret, verify.Config) (*verify.Endpoint, error) {
		return func(secrets []event.Secret, c verify.Config) (*verify.Endpoint, error) {
			v, err := doorVerifier(secrets...)
			if err != nil {
				return nil, err
			}
			d := verify.Definition{
				Vendor: "door", Verifier: v, Config: c,
				Decode: func(_ http.Header, body []byte) (*event.Event, error) { return decodeDoor(body) },
			}
			change(&d)
			return verify.NewEndpoint(d)
		}
	}
	decoding := func(change func(*event.Event)) func([]event.Secret, verify.Config) (*verify.Endpoint, error) {
		return definition(func(d *verify.Definition) {
			d.Decode = func(_ http.Header, body []byte) (*event.Event, error) {
				e, err := decodeDoor(body)
				if err == nil {
					change(e)
				}
				return e, err
			}
		})
	}
	for name, c := range map[string]struct {
		change func(*verifytest.Vendor)
		finds  string
	}{
		"a verifier that always says yes": {
			func(v *verifytest.Vendor) {
				v.New = definition(func(d *verify.Definition) { d.Verifier = always{} })
			}, "refuses another credential"},
		"a verifier that forgets the second secret": {
			func(v *verifytest.Vendor) {
				v.New = func(secrets []event.Secret, c verify.Config) (*verify.Endpoint, error) {
					return newDoor(secrets[:min(1, len(secrets))], c)
				}
			}, "accepts every credential of a rotation"},
		"a verifier that signs the first byte": {
			func(v *verifytest.Vendor) {
				v.New = definition(func(d *verify.Definition) { d.Verifier = firstByte{d.Verifier} })
				v.NewRequest = func(ctx context.Context, url, secret string, body []byte) (*http.Request, error) {
					r, err := doorRequest(ctx, url, secret, body)
					if err == nil {
						r.Header.Set("X-Door-Signature", "sha256="+sign(secret, body[:min(1, len(body))]))
					}
					return r, err
				}
			}, "refuses one flipped bit"},
		"a verifier that takes the first of two signatures": {
			func(v *verifytest.Vendor) {
				v.New = definition(func(d *verify.Definition) { d.Verifier = firstOnly{d.Verifier} })
			}, "refuses a repeated credential"},
		"a verifier that takes no signature for a good one": {
			func(v *verifytest.Vendor) {
				v.New = definition(func(d *verify.Definition) { d.Verifier = missingIsFine{d.Verifier} })
			}, "refuses a missing credential"},
		"a verifier that tells what it expected": {
			func(v *verifytest.Vendor) {
				v.New = func(secrets []event.Secret, c verify.Config) (*verify.Endpoint, error) {
					return definition(func(d *verify.Definition) { d.Verifier = talkative{d.Verifier, secrets} })(secrets, c)
				}
			}, "keeps secrets"},
		"a constructor that takes an empty secret": {
			func(v *verifytest.Vendor) {
				v.New = func(secrets []event.Secret, c verify.Config) (*verify.Endpoint, error) {
					if len(secrets) == 0 || secrets[0].IsZero() {
						secrets = event.Secrets("the default secret")
					}
					return newDoor(secrets, c)
				}
			}, "refuses weak credentials"},
		"hex of one case only": {
			func(v *verifytest.Vendor) {
				v.New = definition(func(d *verify.Definition) { d.Verifier = lowerOnly{d.Verifier} })
			}, "accepts hex of either case"},
		"a body limit that is not kept": {
			func(v *verifytest.Vendor) {
				v.New = definition(func(d *verify.Definition) { d.Config.MaxBody = 1 << 20 })
			}, "bounds the body in size"},
		"a body timeout that is not kept": {
			func(v *verifytest.Vendor) {
				v.New = definition(func(d *verify.Definition) { d.Config.BodyTimeout = time.Hour })
			}, "bounds the body in time"},
		"an unknown event is an error": {
			func(v *verifytest.Vendor) {
				v.New = definition(func(d *verify.Definition) {
					d.Decode = func(_ http.Header, body []byte) (*event.Event, error) {
						e, err := decodeDoor(body)
						if err == nil && e.Type == event.Unknown {
							return nil, errors.New("door: unknown event")
						}
						return e, err
					}
				})
			}, "accepts an unknown event"},
		"a drifted field is an error": {
			func(v *verifytest.Vendor) {
				v.New = definition(func(d *verify.Definition) {
					d.Decode = func(_ http.Header, body []byte) (*event.Event, error) {
						if err := json.Unmarshal(body, new(struct{ Door string })); err != nil {
							return nil, err
						}
						return decodeDoor(body)
					}
				})
			}, "tolerates drifted fields"},
		"a new member is an error": {
			func(v *verifytest.Vendor) {
				v.New = definition(func(d *verify.Definition) {
					d.Decode = func(_ http.Header, body []byte) (*event.Event, error) {
						dec := json.NewDecoder(bytes.NewReader(body))
						dec.DisallowUnknownFields()
						if err := dec.Decode(new(struct{ Event, Door, Code, At, ID any })); err != nil {
							return nil, errors.New("door: new member")
						}
						return decodeDoor(body)
					}
				})
			}, "tolerates new members"},
		"a body that is not an object is an event": {
			func(v *verifytest.Vendor) {
				v.New = definition(func(d *verify.Definition) {
					d.Decode = func(_ http.Header, body []byte) (*event.Event, error) {
						if e, err := decodeDoor(body); err == nil {
							return e, nil
						}
						return decodeDoor([]byte("{}"))
					}
				})
			}, "refuses what is no JSON object"},
		"nesting without a bound": {
			func(v *verifytest.Vendor) {
				v.New = definition(func(d *verify.Definition) {
					d.Decode = func(_ http.Header, body []byte) (*event.Event, error) {
						if bytes.Contains(body, []byte("[[[[")) {
							body = []byte("{}")
						}
						return decodeDoor(body)
					}
				})
			}, "bounds nesting"},
		"an event without a payload": {
			func(v *verifytest.Vendor) { v.New = decoding(func(e *event.Event) { e.Payload = nil }) }, "accepts genuine requests"},
		"IDs that do not depend on the body": {
			func(v *verifytest.Vendor) {
				v.New = decoding(func(e *event.Event) { e.ID = "1" })
			}, "agrees with itself"},
		"a payload that shows its secret": {
			func(v *verifytest.Vendor) {
				v.New = decoding(func(e *event.Event) {
					code, _ := e.Payload.(*doorEvent).Code.Reveal()
					e.Reason = code
				})
			}, "keeps secrets"},
		"a payload that cannot be encoded": {
			func(v *verifytest.Vendor) {
				v.New = decoding(func(e *event.Event) { e.Payload = &struct{ F func() }{} })
			}, "encodes what it accepts"},
		"callbacks that are not heard": {
			func(v *verifytest.Vendor) {
				v.New = definition(func(d *verify.Definition) {
					d.Config.Wrap = append(d.Config.Wrap, func(h event.Handler) event.Handler {
						return event.HandlerFunc(func(ctx context.Context, e *event.Event) error {
							_ = event.Recover(h).HandleEvent(ctx, e)
							return nil
						})
					})
				})
			}, "answers for its callback"},
		"a verifier that does not change": {
			func(v *verifytest.Vendor) {
				v.NewVerifier = func(secrets ...event.Secret) (verify.Verifier, error) {
					if _, err := doorVerifier(secrets...); err != nil {
						return nil, err
					}
					return doorVerifier(event.NewSecret("door secret number one"))
				}
			}, "swaps verifiers"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := door()
			c.change(&v)
			err := verifytest.Check(v)
			require.Error(t, err)
			assert.Contains(t, err.Error(), c.finds)
		})
	}
}

func TestCheckAcceptsTheVendorAsItIs(t *testing.T) {
	require.NoError(t, verifytest.Check(door()))
}

func TestCheckWantsWhatItNeeds(t *testing.T) {
	for name, change := range map[string]func(*verifytest.Vendor){
		"New":         func(v *verifytest.Vendor) { v.New = nil },
		"NewVerifier": func(v *verifytest.Vendor) { v.NewVerifier = nil },
		"NewRequest":  func(v *verifytest.Vendor) { v.NewRequest = nil },
		"Decode":      func(v *verifytest.Vendor) { v.Decode = nil },
		"Payloads":    func(v *verifytest.Vendor) { v.Payloads = nil },
		"Unknown":     func(v *verifytest.Vendor) { v.Unknown = nil },
		"Credentials": func(v *verifytest.Vendor) { v.Credentials[1] = v.Credentials[0] },
		"Header":      func(v *verifytest.Vendor) { v.Header = "" },
	} {
		v := door()
		change(&v)
		assert.ErrorContains(t, verifytest.Check(v), name)
	}
}
