package event

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

const redacted = "[redacted]"

// A Secret is a value that must not leave the program by accident: a credential, a
// password hash, a token, a PIN. fmt (every verb, also inside other values and in
// unexported fields), log/slog, encoding/json, encoding/xml, encoding/gob and all
// that uses [encoding.TextMarshaler] show "[redacted]" in its place, or nothing.
//
// The zero Secret is absent. What an encoding wrote decodes to a Secret that is
// present but masked. A Secret does not protect against code of the same
// program that wants to know it, and does not wipe memory.
type Secret struct {
	// fmt prints unexported fields without asking their methods: it finds this
	// text and the address of a pointer, never the value.
	shown  string
	hidden *sealed
}

// A sealed value is what reads memory by reflection finds, such as printers of test
// failures. It is no struct, which fmt would print when it complains about a verb.
// Its first byte, once unsealed, is the kind.
type sealed string

// Kinds of a sealed value.
const (
	kindText   = 't'
	kindBinary = 'b'
)

// masked is what hidden points at if the value is not known. No value is empty.
var masked = new(sealed)

var sealKey = func() (key [32]byte) {
	_, _ = rand.Read(key[:]) // never fails
	return key
}()

// flip makes a value unreadable, or readable again. It keeps accidents from showing a
// secret, not code that looks for it. Parts of a value are flipped alone if all but the
// last are as long as sealKey, or twice as long.
func flip(b []byte) {
	for i := range b {
		b[i] ^= sealKey[i%len(sealKey)]
	}
}

func newSecret[T string | []byte](kind byte, value T) Secret {
	if len(value) == 0 {
		return Secret{}
	}
	var s strings.Builder
	s.Grow(1 + len(value))
	var part [2 * len(sealKey)]byte
	part[0] = kind
	for from, n := 0, 1; from < len(value); n = 0 {
		copied := copy(part[n:], value[from:])
		from += copied
		flip(part[:n+copied])
		s.Write(part[:n+copied])
	}
	hidden := sealed(s.String())
	return Secret{redacted, &hidden}
}

// NewSecret returns a Secret that holds a string. An empty string gives the zero
// Secret.
func NewSecret(text string) Secret { return newSecret(kindText, text) }

// NewSecretBytes returns a Secret that holds a binary key. It copies the key. An empty
// key gives the zero Secret.
//
// Constructors of verifiers refuse a string with a line break or a space at its end,
// which comes from a file or a copied text. They do not look at the bytes of a binary
// key.
func NewSecretBytes(key []byte) Secret { return newSecret(kindBinary, key) }

// Secrets returns a Secret for each string, as [NewSecret] does.
func Secrets(texts ...string) []Secret {
	secrets := make([]Secret, len(texts))
	for i, text := range texts {
		secrets[i] = NewSecret(text)
	}
	return secrets
}

// Reveal returns the value. It reports false if there is none, because the
// Secret is absent or because it was read from an encoding that masks.
func (s Secret) Reveal() (value string, ok bool) {
	if s.hidden == nil || s.isMasked() {
		return "", false
	}
	b := []byte(*s.hidden)
	flip(b)
	return string(b[1:]), true
}

// IsBinary reports whether the Secret was made by [NewSecretBytes].
func (s Secret) IsBinary() bool {
	return s.hidden != nil && !s.isMasked() && (*s.hidden)[0]^sealKey[0] == kindBinary
}

// IsZero reports whether the secret is absent. A masked one is not.
func (s Secret) IsZero() bool { return s.hidden == nil }

func (s Secret) isMasked() bool { return *s.hidden == "" }

// Equal reports whether both are absent, both are masked, or both hold the same
// value, which it compares in constant time. A string and a binary key are not equal.
func (s Secret) Equal(t Secret) bool {
	if s.hidden == nil || t.hidden == nil {
		return s.hidden == t.hidden
	}
	if s.isMasked() || t.isMasked() {
		return s.isMasked() == t.isMasked()
	}
	a, b := sha256.Sum256([]byte(*s.hidden)), sha256.Sum256([]byte(*t.hidden))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// String returns "[redacted]", or nothing for an absent secret.
func (s Secret) String() string {
	if s.hidden == nil {
		return ""
	}
	return redacted
}

// Format implements [fmt.Formatter] for every verb with the text of String.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }

// LogValue implements [slog.LogValuer] with the text of String.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// GobEncode implements [encoding/gob.GobEncoder] with the text of String.
func (s Secret) GobEncode() ([]byte, error) { return s.MarshalText() }

// GobDecode implements [encoding/gob.GobDecoder] as UnmarshalText does.
func (s *Secret) GobDecode(text []byte) error { return s.UnmarshalText(text) }

// MarshalText implements [encoding.TextMarshaler] with the text of String.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalJSON implements [json.Marshaler]: "[redacted]", or null for an absent
// secret.
func (s Secret) MarshalJSON() ([]byte, error) {
	if s.hidden == nil {
		return []byte("null"), nil
	}
	return []byte(`"` + redacted + `"`), nil
}

// UnmarshalText implements [encoding.TextUnmarshaler]. The text "[redacted]"
// gives a masked secret, an empty one the zero Secret.
func (s *Secret) UnmarshalText(text []byte) error {
	if string(text) == redacted {
		*s = Secret{redacted, masked}
		return nil
	}
	*s = newSecret(kindText, text)
	return nil
}

var errSecretKind = errors.New("event: a secret must be a JSON string")

// UnmarshalJSON implements [json.Unmarshaler] for a string or null. Its error
// does not hold the value.
func (s *Secret) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*s = Secret{}
		return nil
	}
	if len(data) < 2 || data[0] != '"' {
		return errSecretKind
	}
	var text string
	if json.Unmarshal(data, &text) != nil {
		return errSecretKind
	}
	return s.UnmarshalText([]byte(text))
}
