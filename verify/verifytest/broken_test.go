package verifytest_test

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

func sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// Verifiers that are wrong, each in the way of its name.

type always struct{}

func (always) Verify(*http.Request, []byte) (string, error) { return "everybody", nil }

type firstByte struct{ verify.Verifier }

func (v firstByte) Verify(r *http.Request, body []byte) (string, error) {
	return v.Verifier.Verify(r, body[:min(1, len(body))])
}

type missingIsFine struct{ verify.Verifier }

func (v missingIsFine) Verify(r *http.Request, body []byte) (string, error) {
	if r.Header.Get("X-Door-Signature") == "" {
		return "nobody", nil
	}
	return v.Verifier.Verify(r, body)
}

// older accepts the signature of an older scheme in place of the right one.
type older struct{ verify.Verifier }

func (v older) Verify(r *http.Request, body []byte) (string, error) {
	if r.Header.Get("X-Hub-Signature-256") == "" && r.Header.Get("X-Hub-Signature") != "" {
		return "secret 1", nil
	}
	return v.Verifier.Verify(r, body)
}

// talkative says in its errors what it expected.
type talkative struct {
	verify.Verifier
	expected func(body []byte) string
}

func (v talkative) Verify(r *http.Request, body []byte) (string, error) {
	label, err := v.Verifier.Verify(r, body)
	if err != nil {
		err = fmt.Errorf("%w with %s", err, v.expected(body))
	}
	return label, err
}

type lowerOnly struct{ verify.Verifier }

func (v lowerOnly) Verify(r *http.Request, body []byte) (string, error) {
	if s := r.Header.Get("X-Door-Signature"); s != strings.ToLower(s) {
		return "", verify.ErrBadCredential
	}
	return v.Verifier.Verify(r, body)
}

// oneOf takes one of the values of a repeated header.
type oneOf struct {
	verify.Verifier
	name string
	pick func(n int) int
}

func (v oneOf) Verify(r *http.Request, body []byte) (string, error) {
	r = r.Clone(r.Context())
	if values := r.Header[v.name]; len(values) > 1 {
		i := v.pick(len(values))
		r.Header[v.name] = values[i : i+1]
	}
	return v.Verifier.Verify(r, body)
}

func first(int) int  { return 0 }
func last(n int) int { return n - 1 }

// anyOf takes whichever value of a repeated header is right.
type anyOf struct {
	verify.Verifier
	name string
}

func (v anyOf) Verify(r *http.Request, body []byte) (label string, err error) {
	for i := range max(1, len(r.Header[v.name])) {
		if label, err = (oneOf{v.Verifier, v.name, func(int) int { return i }}).Verify(r, body); err == nil {
			break
		}
	}
	return label, err
}

// tokens compares bearer tokens in a way of its own.
type tokens struct {
	accepted []event.Secret
	equal    func(sent, accepted string) bool
}

func (v tokens) Verify(r *http.Request, _ []byte) (string, error) {
	sent, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	for i, secret := range v.accepted {
		if accepted, _ := secret.Reveal(); sent != "" && v.equal(sent, accepted) {
			return fmt.Sprintf("token %d", i+1), nil
		}
	}
	return "", verify.ErrBadCredential
}

// handmade verifies the schemes with a timestamp. It is right until a field is
// replaced.
type handmade struct {
	c       verify.SignedConfig
	window  time.Duration
	one     func(values []string) (string, bool) // of a header
	parts   func(value string) (timestamp string, signatures []string, ok bool)
	goodID  func(id string) bool
	missing bool // whether a signature may be missing
	fresh   func(timestamp string, window time.Duration) bool
	signed  func(id, timestamp string, body []byte) string
	equal   func(sent, want string) bool
}

// byHand returns a verifier that change may break.
func byHand(change func(*handmade)) func(verify.SignedConfig) (verify.Verifier, error) {
	return func(c verify.SignedConfig) (verify.Verifier, error) {
		v := &handmade{
			c: c, window: verify.DefaultWindow,
			one: func(values []string) (string, bool) {
				if len(values) != 1 {
					return "", false
				}
				return values[0], true
			},
			goodID: func(id string) bool { return id != "" && !strings.Contains(id, ".") },
			fresh: func(timestamp string, window time.Duration) bool {
				n, err := strconv.ParseInt(timestamp, 10, 64)
				return err == nil && strconv.FormatInt(n, 10) == timestamp && time.Since(time.Unix(n, 0)).Abs() <= window
			},
			signed: func(id, timestamp string, body []byte) string {
				return strings.NewReplacer("{id}", id, "{timestamp}", timestamp, "{body}", string(body)).Replace(c.Signed)
			},
			equal: func(sent, want string) bool { return hmac.Equal([]byte(sent), []byte(want)) },
		}
		v.parts = func(value string) (timestamp string, signatures []string, ok bool) {
			n := 0
			for part := range strings.SplitSeq(value, cmp.Or(c.Separator, "\n")) {
				if text, is := strings.CutPrefix(part, c.TimestampPrefix); is && c.TimestampPrefix != "" {
					timestamp = text
					n++
				} else if text, is := strings.CutPrefix(part, c.Prefix); is {
					signatures = append(signatures, text)
				}
			}
			return timestamp, signatures, n == min(1, len(c.TimestampPrefix))
		}
		change(v)
		return v, nil
	}
}

func (v *handmade) Verify(r *http.Request, body []byte) (string, error) {
	header := func(name string) (string, bool) {
		if name == "" {
			return "", true
		}
		return v.one(r.Header[name])
	}
	value, ok1 := header(v.c.Header)
	id, ok2 := header(v.c.IDHeader)
	timestamp, ok3 := header(v.c.TimestampHeader)
	inList, signatures, ok4 := v.parts(value)
	timestamp += inList
	if !ok1 || !ok2 || !ok3 || !ok4 || v.c.IDHeader != "" && !v.goodID(id) || !v.fresh(timestamp, v.window) {
		return "", verify.ErrBadCredential
	}
	if v.missing && value != "" && len(signatures) == 0 {
		return "nobody", nil
	}
	for i, secret := range v.c.Secrets {
		key, _ := secret.Reveal()
		want := sign(key, []byte(v.signed(id, timestamp, body)))
		if v.c.Encoding == verify.Base64 {
			sum, _ := hex.DecodeString(want)
			want = base64.StdEncoding.EncodeToString(sum)
		}
		for _, sent := range signatures {
			if v.c.Encoding == verify.Hex {
				sent = strings.ToLower(sent)
			}
			if v.equal(sent, want) {
				return fmt.Sprintf("secret %d", i+1), nil
			}
		}
	}
	return "", verify.ErrBadCredential
}
