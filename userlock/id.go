package userlock

import (
	"crypto/rand"
	"errors"
	"strings"
)

// A ServerID is what may be shown of a UserLock ID: the first eight hex digits
// of the GUID, in lower case. It tells servers apart and authenticates nobody.
// Make one with [NewServerID]; of a longer text neither fmt nor an encoding shows
// more than eight bytes.
type ServerID string

// NewServerID returns what may be shown of a UserLock ID. The error does not hold
// the ID.
func NewServerID(id string) (ServerID, error) {
	normal, ok := normalizeID(nil, id)
	if !ok {
		return "", errors.New("userlock: not a UserLock ID")
	}
	return ServerID(normal[:shownDigits]), nil
}

const (
	idDigits    = 32
	shownDigits = 8
	maskedRest  = "-****-****-****-************"
)

// MarshalText implements [encoding.TextMarshaler]: a GUID with stars for what is
// not shown.
func (s ServerID) MarshalText() ([]byte, error) {
	if s == "" {
		return nil, nil
	}
	return []byte(s.String() + maskedRest), nil
}

// String returns the eight digits.
func (s ServerID) String() string { return string(s[:min(len(s), shownDigits)]) }

// normalizeID appends the 32 lower-case digits of a GUID to dst. It takes spaces
// around it, braces or parentheses, and hyphens anywhere. A GUID of zeros is
// none: it is what an unset one looks like.
func normalizeID(dst []byte, text string) ([]byte, bool) {
	if len(text) < idDigits || len(text) > 2*idDigits {
		return nil, false
	}
	text = strings.TrimSpace(text)
	if n := len(text); n >= 2 && (text[0] == '{' && text[n-1] == '}' || text[0] == '(' && text[n-1] == ')') {
		text = text[1 : n-1]
	}
	start, zero := len(dst), true
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '-':
			continue
		case 'A' <= c && c <= 'F':
			c += 'a' - 'A'
		case 'a' <= c && c <= 'f', '0' <= c && c <= '9':
		default:
			return nil, false
		}
		zero = zero && c == '0'
		dst = append(dst, c)
	}
	return dst, len(dst)-start == idDigits && !zero
}

// seal marks what a verifier of this process has masked. No sender can know it,
// so none can pass something else off as a masked ID.
var seal = []byte("#" + rand.Text())

var sealText = string(seal)

// maskID appends what is decoded in place of an ID.
func maskID(dst, normal []byte) []byte {
	return append(append(append(dst, normal[:shownDigits]...), maskedRest...), seal...)
}

// sealedID returns what is shown of an ID in the form of maskID.
func sealedID(text string) (ServerID, bool) {
	text, ok := strings.CutSuffix(text, sealText)
	if !ok {
		return "", false
	}
	return maskedID(text)
}

// maskedID returns what is shown of an ID in the form of MarshalText.
func maskedID(text string) (ServerID, bool) {
	if len(text) != shownDigits+len(maskedRest) || text[shownDigits:] != maskedRest {
		return "", false
	}
	for _, c := range []byte(text[:shownDigits]) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return "", false
		}
	}
	return ServerID(text[:shownDigits]), true
}
