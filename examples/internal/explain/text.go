package explain

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strconv"
	"strings"

	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/examples/internal/capture"
	"github.com/accesshook/accesshook/examples/internal/vendors"
	"github.com/accesshook/accesshook/userlock"
)

// hidden are texts in lower case that no text from a request may contain when it is shown.
type hidden []string

func (h *hidden) add(text string) {
	const short = 4 // would hide everything
	if len(text) >= short {
		*h = append(*h, strings.ToLower(text), hex.EncodeToString([]byte(text)), strings.ToLower(base64.RawStdEncoding.EncodeToString([]byte(text))))
	}
}

// secretsOf returns what must not be shown of a request.
func secretsOf(v vendors.Vendor, q *capture.Request, credentials map[string]envsecret.Values) (h hidden) {
	for _, values := range credentials {
		for _, text := range revealed(values) {
			h.add(text)
			h.add(digits(text)) // of a UserLock ID, however it is spelled
		}
		for _, c := range values.Credentials {
			password, _ := c.Password.Reveal()
			h.add(password)
		}
	}
	for i, text := range revealed(credentials[v.Name]) {
		if i == maxEntries {
			break
		}
		mac := hmac.New(sha256.New, []byte(text))
		mac.Write(q.Body)
		sum := mac.Sum(nil)
		h.add(string(sum)) // and its encodings
	}
	for _, value := range q.Header["Authorization"] {
		words := strings.Fields(value)
		if len(words) > 1 {
			words = words[1:] // without the scheme
		}
		for _, word := range words {
			h.add(word)
			if pair, ok := decodeBase64(word); ok {
				user, password, _ := strings.Cut(pair, ":")
				h.add(user)
				h.add(password)
			}
		}
	}
	return h
}

// revealed returns the entries of a variable.
func revealed(values envsecret.Values) []string {
	var all []string
	for _, s := range values.Secrets {
		all = append(all, reveal(s))
	}
	for _, c := range values.Credentials {
		all = append(all, c.User+":"+reveal(c.Password))
	}
	return all
}

func reveal(s event.Secret) string {
	text, _ := s.Reveal()
	return text
}

var guid = regexp.MustCompile(`\b([0-9A-Fa-f]{8})(?:-?[0-9A-Fa-f]{4}){4}[0-9A-Fa-f]{8}\b`)

// shown returns a text from the request as it may be shown: visible, with at most so many
// bytes, nothing that is hidden, and of GUIDs from UserLock the first digits alone.
func (x *explainer) shown(text string, most int) string {
	folded, squeezed := strings.ToLower(text), digits(text)
	for _, h := range x.hidden {
		if strings.Contains(folded, h) || strings.Contains(squeezed, h) {
			return "[hidden]"
		}
	}
	if x.vendor.Name == userlock.Vendor {
		text = guid.ReplaceAllString(text, "$1…")
	}
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	text = strconv.Quote(text)
	return text[1 : len(text)-1]
}

// decodeBase64 decodes either alphabet, padded or not.
func decodeBase64(text string) (string, bool) {
	text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
	b, err := base64.RawStdEncoding.DecodeString(text)
	return string(b), err == nil && len(b) > 0
}
