package verify

import (
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"
)

var (
	errEmpty   = errors.New("is empty")
	errSpace   = errors.New("has white space or an invisible character at an end, as from a file or a copied text")
	errControl = errors.New("has a control character")
)

// checkSecret refuses what nobody chose as a secret. The error names the field,
// never the value.
func checkSecret(field, s string) error {
	if err := secretFault(s); err != nil {
		return fmt.Errorf("verify: %s %w", field, err)
	}
	return nil
}

func secretFault(s string) error {
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

func checkSecrets(field string, secrets []string) error {
	if len(secrets) == 0 {
		return fmt.Errorf("verify: %s %w", field, errEmpty)
	}
	for i, s := range secrets {
		if err := checkSecret(fmt.Sprintf("%s[%d]", field, i), s); err != nil {
			return err
		}
	}
	return nil
}
