package event

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
)

const redacted = "[redacted]"

// A Secret is a text that must not leave the program by accident: a password
// hash, a token, a PIN. fmt (every verb, also inside other values and in
// unexported fields), encoding/json, encoding.TextMarshaler and log/slog show
// "[redacted]" in its place.
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

// A sealed text is what reads memory by reflection finds, such as printers of test
// failures. It is no struct, which fmt would print when it complains about a verb.
type sealed string

// masked is what hidden points at if the value is not known. No value is empty.
var masked = new(sealed)

var sealKey = func() (key [32]byte) {
	_, _ = rand.Read(key[:]) // never fails
	return key
}()

// seal makes a value unreadable, and readable again. It keeps accidents from
// showing a secret, not code that looks for it.
func seal(value string) string {
	b := []byte(value)
	for i := range b {
		b[i] ^= sealKey[i%len(sealKey)]
	}
	return string(b)
}

// NewSecret returns a Secret that holds value. An empty value gives the zero
// Secret.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	s := sealed(seal(value))
	return Secret{redacted, &s}
}

// Reveal returns the value. It reports false if there is none, because the
// Secret is absent or because it was read from an encoding that masks.
func (s Secret) Reveal() (value string, ok bool) {
	if s.hidden == nil || s.isMasked() {
		return "", false
	}
	return seal(string(*s.hidden)), true
}

// IsZero reports whether the secret is absent. A masked one is not.
func (s Secret) IsZero() bool { return s.hidden == nil }

func (s Secret) isMasked() bool { return *s.hidden == "" }

// Equal reports whether both are absent, both are masked, or both hold the same
// value, which it compares in constant time.
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
	*s = NewSecret(string(text))
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
