// Package credential validates the secrets of configurations. The caller names the field
// that it checks, so that an error names what the user wrote.
package credential

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/accesshook/accesshook/event"
)

// MinKey is the least number of bytes of a key or a token. Anyone who captures one
// signed request can brute-force a short key offline.
const MinKey = 16

var (
	errEmpty   = errors.New("is empty")
	errMasked  = errors.New("is masked: it was read from an encoding that hides secrets, and its value is not known")
	errShort   = fmt.Errorf("has fewer than %d bytes", MinKey)
	errZeros   = errors.New("has only zero bytes")
	errSpace   = errors.New("has white space or an invisible character at an end, as from a file or by copying")
	errControl = errors.New("has a control character")
)

// Check refuses a secret that is empty, masked, or shorter than minBytes. It also refuses
// text with white space at an end or with control characters, and binary keys of zeros
// only: such values come from mistakes. The error begins with field, such as
// "relock: Config.Secrets[0]", and never holds the value.
func Check(field string, s event.Secret, minBytes int) error {
	if err := fault(s, minBytes); err != nil {
		return fmt.Errorf("%s %w", field, err)
	}
	return nil
}

func fault(s event.Secret, minBytes int) error {
	value, ok := s.Reveal()
	switch {
	case s.IsZero():
		return errEmpty
	case !ok:
		return errMasked
	case !s.IsBinary():
		if err := textFault(value); err != nil {
			return err
		}
	case strings.Trim(value, "\x00") == "":
		return errZeros
	}
	if len(value) < minBytes {
		return errShort
	}
	return nil
}

func textFault(s string) error {
	if s == "" {
		return errEmpty
	}
	first, _ := utf8.DecodeRuneInString(s)
	last, _ := utf8.DecodeLastRuneInString(s)
	for _, r := range []rune{first, last} {
		if unicode.IsSpace(r) || unicode.In(r, unicode.Z, unicode.Cf) {
			return errSpace
		}
	}
	for _, r := range s {
		if unicode.IsControl(r) {
			return errControl
		}
	}
	return nil
}

// CheckAll is Check for each secret of a list, which must not be empty.
func CheckAll(field string, secrets []event.Secret, minBytes int) error {
	if len(secrets) == 0 {
		return fmt.Errorf("%s %w", field, errEmpty)
	}
	for i, s := range secrets {
		if err := Check(fmt.Sprintf("%s[%d]", field, i), s, minBytes); err != nil {
			return err
		}
	}
	return nil
}

// CheckAccount checks the fields User and Password of field. The user must not have a
// colon.
func CheckAccount(field, user string, password event.Secret) error {
	if err := textFault(user); err != nil {
		return fmt.Errorf("%s.User %w", field, err)
	}
	if strings.Contains(user, ":") {
		return fmt.Errorf("%s.User has a colon", field)
	}
	return Check(field+".Password", password, 0)
}
