package unloc

import (
	"errors"
	"fmt"
	"net/url"
)

// URL returns base with user and password in it: the URL to register with Unloc, which
// then sends both with every request. The result is itself a secret.
//
// base must be https, with a host, without a user and without a fragment.
//
// User and password must consist of ASCII letters, digits, '-', '.', '_' and '~'. Unloc
// asks not to use ":/?#[]@!$&'()*+,;=". Other characters would have to be percent-encoded
// in a URL, and whether Unloc decodes that is not documented. A long random password of
// letters and digits loses nothing by it.
//
// Errors contain neither base, which may have a password in it, nor user, nor password.
func URL(base, user, password string) (string, error) {
	u, err := url.Parse(base)
	switch {
	case err != nil:
		return "", errors.New("unloc: base is not a URL")
	case u.Scheme != "https":
		return "", errors.New("unloc: base does not begin with https://, as Unloc requires")
	case u.Hostname() == "":
		return "", errors.New("unloc: base has no host")
	case u.User != nil:
		return "", errors.New("unloc: base already has a user")
	case u.Fragment != "" || u.RawFragment != "":
		return "", errors.New("unloc: base has a fragment, which is never sent")
	}
	if err := checkSendable("user", user); err != nil {
		return "", err
	}
	if err := checkSendable("password", password); err != nil {
		return "", err
	}
	u.User = url.UserPassword(user, password)
	return u.String(), nil
}

func checkSendable(field, s string) error {
	if s == "" {
		return fmt.Errorf("unloc: %s is empty", field)
	}
	for _, r := range s {
		if !unreserved(r) {
			return fmt.Errorf("unloc: %s has other characters than letters, digits and -._~, which Unloc may not be able to send", field)
		}
	}
	return nil
}

// unreserved reports whether r stands for itself everywhere in a URL (RFC 3986,
// section 2.3).
func unreserved(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return true
	default:
		return r == '-' || r == '.' || r == '_' || r == '~'
	}
}
