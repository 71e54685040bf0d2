package verify

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"net/http"
	"net/textproto"
	"strings"
	"sync"
	"time"

	"github.com/accesshook/accesshook/event"
)

// An Encoding is how a signature is written in its header.
type Encoding int

const (
	// Hex is hexadecimal of either letter case.
	Hex Encoding = iota
	// Base64 is standard base64 with padding.
	Base64
)

// DefaultWindow is how far a signed timestamp may be from now, unless
// SignedConfig.Window says otherwise.
const DefaultWindow = 5 * time.Minute

// SignedConfig describes how a vendor signs its requests with an HMAC (RFC 2104).
// The examples of [NewSigned] are those of GitHub, Shopify, Slack, Stripe and
// Standard Webhooks.
type SignedConfig struct {
	// Header is the name of the header with the signature. Required.
	Header string
	// Prefix precedes a signature in the header, such as "sha256=". It is compared
	// exactly.
	Prefix string
	// Separator separates the parts of the header, such as the comma in
	// "t=1700000000,v1=…,v1=…". One of the signatures must match. More than 8 are
	// refused. Parts that begin with neither Prefix nor TimestampPrefix are ignored,
	// and so are spaces around a part. Empty: the value is one signature.
	Separator string
	// Encoding is how a signature is written. Zero: Hex.
	Encoding Encoding
	// Hash is the hash function of the HMAC. Its sums have 20 to 64 bytes. Nil:
	// SHA-256.
	Hash func() hash.Hash

	// Signed is a template of what is signed, such as "{id}.{timestamp}.{body}". It
	// ends with {body}, the body as received. {id} and {timestamp} are optional. A
	// separator must follow {id}, and an ID in which it begins is refused: otherwise
	// two requests with different IDs and bodies could have the same signature.
	// Empty: "{body}".
	//
	// Nothing else is authenticated, neither other headers nor the path. Without a
	// timestamp a signature does not expire: a recorded request verifies again.
	Signed string
	// IDHeader is the name of the header with {id}. Required with {id}.
	IDHeader string
	// TimestampHeader is the name of the header with {timestamp}, in whole seconds
	// since 1970. Either this or TimestampPrefix is required with {timestamp}.
	TimestampHeader string
	// TimestampPrefix precedes the timestamp if it is a part of Header, such as "t=".
	TimestampPrefix string
	// Window is how far the timestamp may be from now, in the past and in the
	// future. Zero: DefaultWindow.
	Window time.Duration
	// InsecureNoWindow accepts any timestamp: a recorded request verifies forever.
	InsecureNoWindow bool

	// Secrets are the keys, of at least 16 bytes each. A request must be signed with
	// one of them. Several are for rotation. Required.
	//
	// Most vendors use the string that they show as the key, even if it looks like
	// hexadecimal or base64. For Standard Webhooks see [StandardWebhooksSecret].
	Secrets []event.Secret
	// InsecureShortSecrets accepts keys of fewer than 16 bytes. Anyone who captures
	// one signed request can brute-force a short key offline.
	InsecureShortSecrets bool
}

// Signed is a [Verifier] for an HMAC in a header. Make it with [NewSigned]; the zero
// Signed refuses every request.
type Signed struct {
	c       SignedConfig // with canonical names, and no Secrets
	signed  []string     // what is signed before the body: literals, {id}, {timestamp}
	size    int          // of a sum
	labels  []string
	signing sync.Pool // of *signing
}

// signing is the state of one check. Its hashes hold the keys, so it is reachable from
// the pool alone, where no printer looks.
type signing struct {
	macs []hash.Hash
	sum  []byte
	head []byte                               // what is signed before the body
	sent [maxSignatures][maxHashSize + 2]byte // 2 more, which base64 may write and not count
	n    int                                  // how many were sent
}

const (
	maxHashSize   = 64
	maxSignatures = 8
	maxHead       = 4 << 10 // larger buffers are not kept
)

// NewSigned returns a verifier for c. The error names the field that is wrong.
func NewSigned(c SignedConfig) (*Signed, error) {
	v := new(Signed)
	var err error
	if v.signed, err = parseSigned(c.Signed); err != nil {
		return nil, err
	}
	if err := c.check(v.signed); err != nil {
		return nil, err
	}
	if c.Hash == nil {
		c.Hash = sha256.New
	}
	if v.size = c.Hash().Size(); v.size < 20 || v.size > maxHashSize {
		return nil, errors.New("verify: SignedConfig.Hash has sums of fewer than 20 or more than 64 bytes")
	}
	if c.Window == 0 {
		c.Window = DefaultWindow
	}
	c.Header = textproto.CanonicalMIMEHeaderKey(c.Header)
	c.IDHeader = textproto.CanonicalMIMEHeaderKey(c.IDHeader)
	c.TimestampHeader = textproto.CanonicalMIMEHeaderKey(c.TimestampHeader)

	var keys [][]byte
	for i, secret := range c.Secrets {
		key, _ := secret.Reveal()
		keys = append(keys, []byte(key))
		v.labels = append(v.labels, fmt.Sprintf("secret %d", i+1))
	}
	newHash := c.Hash
	v.signing.New = func() any {
		s := &signing{sum: make([]byte, 0, maxHashSize)}
		for _, key := range keys {
			s.macs = append(s.macs, hmac.New(newHash, key))
		}
		return s
	}
	c.Secrets = nil
	v.c = c
	return v, nil
}

// Precheck fails if a header is missing, repeated or malformed, or if the timestamp
// is outside the window.
func (v *Signed) Precheck(r *http.Request) error {
	if v == nil || v.size == 0 {
		return ErrUnauthenticated
	}
	s := v.signing.Get().(*signing)
	defer v.put(s)
	return v.read(s, r.Header)
}

// Verify implements [Verifier]. Its label is "secret 1" for the first secret.
func (v *Signed) Verify(r *http.Request, body []byte) (credential string, err error) {
	if v == nil || v.size == 0 {
		return "", ErrUnauthenticated
	}
	s := v.signing.Get().(*signing)
	defer v.put(s)
	if err := v.read(s, r.Header); err != nil {
		return "", err
	}
	match := -1
	for i, mac := range s.macs {
		mac.Reset()
		if len(s.head) > 0 {
			mac.Write(s.head)
		}
		mac.Write(body)
		s.sum = mac.Sum(s.sum[:0])
		same := 0
		for j := range s.n {
			same |= subtle.ConstantTimeCompare(s.sum, s.sent[j][:v.size])
		}
		if same == 1 && match < 0 {
			match = i
		}
	}
	if match < 0 {
		return "", fmt.Errorf("%w: signature does not match", ErrBadCredential)
	}
	return v.labels[match], nil
}

func (v *Signed) put(s *signing) {
	if cap(s.head) > maxHead {
		s.head = nil
	}
	v.signing.Put(s)
}

// read reads the signatures that were sent, and what is signed before the body.
func (v *Signed) read(s *signing, h http.Header) error {
	timestamp, err := v.readSignatures(s, h)
	if err != nil {
		return err
	}
	s.head = s.head[:0]
	for i, piece := range v.signed {
		switch piece {
		case "{id}":
			id, err := single(h, v.c.IDHeader, ErrBadCredential)
			if err != nil {
				return err
			}
			separator := v.signed[i+1]
			if id == "" || strings.Index(id+separator, separator) < len(id) {
				return fmt.Errorf("%w: header %s is empty, contains %q, or ends with a part of it", ErrBadCredential, v.c.IDHeader, separator)
			}
			piece = id
		case "{timestamp}":
			if v.c.TimestampHeader != "" {
				if timestamp, err = single(h, v.c.TimestampHeader, ErrBadCredential); err != nil {
					return err
				}
			}
			if err := v.checkTimestamp(timestamp); err != nil {
				return err
			}
			piece = timestamp
		}
		s.head = append(s.head, piece...)
	}
	return nil
}

// readSignatures returns the timestamp that stands among the signatures, if it does.
func (v *Signed) readSignatures(s *signing, h http.Header) (timestamp string, err error) {
	s.n = 0
	value, err := single(h, v.c.Header, ErrNoCredential)
	if err != nil {
		return "", err
	}
	if v.c.Separator == "" {
		text, ok := strings.CutPrefix(value, v.c.Prefix)
		if !ok {
			return "", fmt.Errorf("%w: header %s does not begin with %q", ErrBadCredential, v.c.Header, v.c.Prefix)
		}
		return "", v.readSignature(s, text)
	}
	timestamps := 0
	for part := range strings.SplitSeq(value, v.c.Separator) {
		part = strings.Trim(part, " \t")
		if text, ok := strings.CutPrefix(part, v.c.TimestampPrefix); ok && v.c.TimestampPrefix != "" {
			timestamp = text
			timestamps++
		} else if text, ok := strings.CutPrefix(part, v.c.Prefix); ok {
			if err := v.readSignature(s, text); err != nil {
				return "", err
			}
		}
	}
	switch {
	case s.n == 0:
		return "", fmt.Errorf("%w: header %s has no signature", ErrBadCredential, v.c.Header)
	case v.c.TimestampPrefix != "" && timestamps != 1:
		return "", fmt.Errorf("%w: header %s has %d timestamps", ErrBadCredential, v.c.Header, timestamps)
	}
	return timestamp, nil
}

var strictBase64 = base64.StdEncoding.Strict()

// readSignature decodes one signature.
func (v *Signed) readSignature(s *signing, text string) error {
	if s.n == maxSignatures {
		return fmt.Errorf("%w: header %s has more than %d signatures", ErrBadCredential, v.c.Header, maxSignatures)
	}
	sent, n := &s.sent[s.n], -1
	switch {
	case v.c.Encoding == Hex && len(text) == hex.EncodedLen(v.size):
		n, _ = hex.Decode(sent[:], []byte(text))
	case v.c.Encoding == Base64 && len(text) == base64.StdEncoding.EncodedLen(v.size):
		n, _ = strictBase64.Decode(sent[:], []byte(text))
	}
	if n != v.size {
		return fmt.Errorf("%w: header %s is not a signature", ErrBadCredential, v.c.Header)
	}
	s.n++
	return nil
}

// checkTimestamp checks the form of a timestamp, and that it is within the window.
func (v *Signed) checkTimestamp(text string) error {
	const maxDigits = 11 // until the year 5138; with milliseconds there are 13
	seconds, ok := int64(0), 0 < len(text) && len(text) <= maxDigits && (text[0] != '0' || text == "0")
	for _, c := range []byte(text) {
		ok = ok && '0' <= c && c <= '9'
		seconds = seconds*10 + int64(c-'0')
	}
	if !ok {
		return fmt.Errorf("%w: the timestamp is not a number of seconds since 1970", ErrBadCredential)
	}
	if v.c.InsecureNoWindow {
		return nil
	}
	switch age := time.Since(time.Unix(seconds, 0)); {
	case age > v.c.Window:
		return fmt.Errorf("%w: the timestamp is more than %s ago", ErrStale, v.c.Window)
	case age < -v.c.Window:
		return fmt.Errorf("%w: the timestamp is more than %s ahead", ErrStale, v.c.Window)
	}
	return nil
}

// single returns the value of a header that must be there once. The error wraps missing
// if it is not there.
func single(h http.Header, name string, missing error) (string, error) {
	switch values := h[name]; len(values) {
	case 0:
		return "", fmt.Errorf("%w: no header %s", missing, name)
	case 1:
		return values[0], nil
	default:
		return "", fmt.Errorf("%w: header %s is repeated", ErrBadCredential, name)
	}
}
