package apiclient

import (
	"errors"
	"net/url"
	"strings"
)

// CheckWebhookURL returns an error if a vendor should not be asked to send events to this
// URL. All vendors demand https, and none of those here sends a user that is a part of it,
// but Unloc. The error has no part of the URL.
func CheckWebhookURL(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Hostname() == "" || u.Opaque != "":
		return errors.New("is no URL with a host") // err has the URL
	case u.Scheme != "https":
		return errors.New("is not https, which the vendor demands")
	case u.User != nil:
		return errors.New("has a user or a password")
	case strings.Contains(s, "#"):
		return errors.New("has a fragment")
	case strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }):
		return errors.New("has characters that must be escaped")
	}
	return nil
}
