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

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/credential"
)

// An Encoding is how a signature is written in its header.
type Encoding int

const (
	// Hex is hexadecimal of either letter case.
	Hex Encoding = iota
	// Base64 is standard base64 with padding.
	Base64
)

// HMACConfig describes a signature over the raw body in a request header. Its
// zero fields mean what their comments say.
type HMACConfig struct {
	// Header is the name of the header that holds the signature. Required.
	Header string
	// Prefix is what stands before the signature in the header's value, such as
	// "sha256=". It is compared exactly.
	Prefix string
	// Encoding is how the signature is written. Zero: Hex.
	Encoding Encoding
	// Hash is the hash under the HMAC. Nil: SHA-256. It must give at least 20
	// bytes and at most 64.
	Hash func() hash.Hash
	// Secrets are the keys, of at least 16 bytes each; a request is genuine if it is
	// signed with any of them. Several are for rotation. Required.
	Secrets []event.Secret
	// InsecureShortSecrets accepts keys of fewer than 16 bytes: anyone who captures one
	// signed request can brute-force a short key offline.
	InsecureShortSecrets bool
}

// HMAC is a [Verifier] for a keyed hash of the body (RFC 2104) in a header. Make
// it with [NewHMAC]; the zero HMAC refuses every request.
//
// It covers the body only: a genuine request that was recorded verifies again,
// and so does its body sent with other headers or to another path.
type HMAC struct {
	header   string // canonical
	prefix   string
	encoding Encoding
	size     int
	keys     []*sync.Pool // of *keyed
	labels   []string
}

// keyed is a hash with its key processed, and a place for its sum.
type keyed struct {
	mac hash.Hash
	sum []byte
}

const maxHashSize = 64

// NewHMAC returns a verifier for c. The error names the field that is wrong.
func NewHMAC(c HMACConfig) (*HMAC, error) {
	if c.Header == "" {
		return nil, errors.New("verify: HMACConfig.Header is empty")
	}
	if c.Encoding != Hex && c.Encoding != Base64 {
		return nil, errors.New("verify: HMACConfig.Encoding is unknown")
	}
	if c.Hash == nil {
		c.Hash = sha256.New
	}
	minKey := credential.MinKey
	if c.InsecureShortSecrets {
		minKey = 0
	}
	if err := credential.CheckAll("verify: HMACConfig.Secrets", c.Secrets, minKey); err != nil {
		return nil, err
	}
	v := &HMAC{
		header:   textproto.CanonicalMIMEHeaderKey(c.Header),
		prefix:   c.Prefix,
		encoding: c.Encoding,
		size:     c.Hash().Size(),
	}
	if v.size < 20 || v.size > maxHashSize {
		return nil, errors.New("verify: HMACConfig.Hash is too short or too long")
	}
	for i, secret := range c.Secrets {
		text, _ := secret.Reveal()
		key, newHash := []byte(text), c.Hash
		v.keys = append(v.keys, &sync.Pool{New: func() any {
			return &keyed{mac: hmac.New(newHash, key), sum: make([]byte, 0, maxHashSize)}
		}})
		v.labels = append(v.labels, fmt.Sprintf("secret %d", i+1))
	}
	return v, nil
}

// Precheck fails if the signature is missing, repeated, or not of the form that
// a signature has.
func (v *HMAC) Precheck(r *http.Request) error {
	var sent [maxHashSize]byte
	return v.signature(&sent, r)
}

// Verify implements [Verifier]. Its label is "secret 1" for the first secret.
func (v *HMAC) Verify(r *http.Request, body []byte) (by string, err error) {
	var sent [maxHashSize]byte
	if err := v.signature(&sent, r); err != nil {
		return "", err
	}
	match := -1
	for i, pool := range v.keys {
		k := pool.Get().(*keyed)
		k.mac.Reset()
		k.mac.Write(body)
		k.sum = k.mac.Sum(k.sum[:0])
		if subtle.ConstantTimeCompare(k.sum, sent[:v.size]) == 1 && match < 0 {
			match = i
		}
		pool.Put(k)
	}
	if match < 0 {
		return "", fmt.Errorf("%w: signature does not match", ErrBadCredential)
	}
	return v.labels[match], nil
}

// signature decodes the one signature that r may have into sent.
func (v *HMAC) signature(sent *[maxHashSize]byte, r *http.Request) error {
	if v == nil || len(v.keys) == 0 {
		return ErrUnauthenticated
	}
	values := r.Header[v.header]
	if len(values) == 0 {
		return fmt.Errorf("%w: no header %s", ErrNoCredential, v.header)
	}
	if len(values) > 1 {
		return fmt.Errorf("%w: header %s is repeated", ErrBadCredential, v.header)
	}
	text, ok := strings.CutPrefix(values[0], v.prefix)
	if !ok {
		return fmt.Errorf("%w: header %s does not begin with %q", ErrBadCredential, v.header, v.prefix)
	}
	n := -1
	switch {
	case v.encoding == Hex && len(text) == hex.EncodedLen(v.size):
		n, _ = hex.Decode(sent[:], []byte(text))
	case v.encoding == Base64 && len(text) == base64.StdEncoding.EncodedLen(v.size):
		var b [maxHashSize + 2]byte // room for what padding says is not there
		n, _ = base64.StdEncoding.Strict().Decode(b[:], []byte(text))
		copy(sent[:], b[:])
	}
	if n != v.size {
		return fmt.Errorf("%w: header %s does not hold a signature", ErrBadCredential, v.header)
	}
	return nil
}
