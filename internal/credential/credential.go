// Package credential refuses secrets that nobody chose. What is checked is named
// by the caller, so that an error names the field that the user wrote.
package credential

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	errEmpty   = errors.New("is empty")
	errSpace   = errors.New("has white space or an invisible character at an end, as from a file or a copied text")
	errControl = errors.New("has a control character")
)

// Check refuses what nobody chose as a secret. The error begins with field, such
// as "relock: Config.Secrets[0]", and never holds the value.
func Check(field, s string) error {
	if err := fault(s); err != nil {
		return fmt.Errorf("%s %w", field, err)
	}
	return nil
}

func fault(s string) error {
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

// CheckAll is Check for each of a list, which must not be empty.
func CheckAll(field string, secrets []string) error {
	if len(secrets) == 0 {
		return fmt.Errorf("%s %w", field, errEmpty)
	}
	for i, s := range secrets {
		if err := Check(fmt.Sprintf("%s[%d]", field, i), s); err != nil {
			return err
		}
	}
	return nil
}

// CheckAccount is Check for a user, which must not have a colon either, and a
// password: the fields User and Password of field.
func CheckAccount(field, user, password string) error {
	if err := Check(field+".User", user); err != nil {
		return err
	}
	if strings.Contains(user, ":") {
		return fmt.Errorf("%s.User has a colon", field)
	}
	return Check(field+".Password", password)
}
