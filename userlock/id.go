package userlock

import "errors"

// A ServerID is what may be shown of a UserLock ID: the first eight hex digits
// of the GUID, in lower case. It tells servers apart and authenticates nobody.
// Make one with [NewServerID]; of a longer text neither fmt nor an encoding shows
// more than eight bytes.
type ServerID string

// NewServerID returns what may be shown of a UserLock ID. The error does not hold
// the ID.
func NewServerID(id string) (ServerID, error) {
	var buf [2 * idDigits]byte
	normal, ok := normalizeID(buf[:0], id)
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
func normalizeID[T string | []byte](dst []byte, text T) ([]byte, bool) {
	if len(text) < idDigits || len(text) > 2*idDigits {
		return nil, false
	}
	for len(text) > 0 && isSpace(text[0]) {
		text = text[1:]
	}
	for len(text) > 0 && isSpace(text[len(text)-1]) {
		text = text[:len(text)-1]
	}
	if n := len(text); n >= 2 && (text[0] == '{' && text[n-1] == '}' || text[0] == '(' && text[n-1] == ')') {
		text = text[1 : n-1]
	}
	start, zero := len(dst), byte('0')
	for i := range len(text) {
		c := hexDigits[text[i]]
		if c == 0 {
			if text[i] == '-' {
				continue
			}
			return nil, false
		}
		zero |= c
		dst = append(dst, c)
	}
	return dst, len(dst)-start == idDigits && zero != '0'
}

func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

// hexDigits has the lower-case form of each hexadecimal digit.
var hexDigits = func() (lower [256]byte) {
	for i, c := range []byte("0123456789abcdefABCDEF") {
		lower[c] = c
		if i >= 16 {
			lower[c] = c + 'a' - 'A'
		}
	}
	return lower
}()

// maskID appends what is decoded in place of an ID.
func maskID(dst, normal []byte) []byte {
	return append(append(dst, normal[:shownDigits]...), maskedRest...)
}

// maskedID returns what is shown of an ID in the form of MarshalText.
func maskedID(text []byte) (ServerID, bool) {
	if len(text) != shownDigits+len(maskedRest) || string(text[shownDigits:]) != maskedRest {
		return "", false
	}
	for _, c := range text[:shownDigits] {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return "", false
		}
	}
	return ServerID(text[:shownDigits]), true
}

func isGUID(text []byte) bool {
	var digits [2 * idDigits]byte
	_, ok := normalizeID(digits[:0], text)
	return ok
}

// shown returns the digits that may be shown of a UserLock ID, masked or in clear.
func shown(text []byte) []byte {
	digits := make([]byte, 0, shownDigits)
	for i := 0; i < len(text) && len(digits) < shownDigits; i++ {
		if c := hexDigits[text[i]]; c != 0 {
			digits = append(digits, c)
		}
	}
	return digits
}
