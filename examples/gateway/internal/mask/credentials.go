package mask

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/accesshook/accesshook/envsecret"
)

// needles are what no text may have: credentials, and what only they can make.
type needles struct {
	parts []string        // in lower case
	whole map[string]bool // the same, of credentials that are too short to look for inside a text
	guids []string        // digits of the GUIDs among them
	keys  []string        // what signs bodies
}

// minPart is the length in bytes from which a credential is looked for inside a text.
const minPart = 4

// add adds the credentials of a variable.
func (n *needles) add(v envsecret.Values) {
	for _, s := range v.Secrets {
		if text, ok := s.Reveal(); ok {
			n.addText(text)
			n.keys = append(n.keys, text)
		}
	}
	for _, c := range v.Credentials {
		if password, ok := c.Password.Reveal(); ok {
			n.addText(password)
			n.addText(c.User + ":" + password)
		}
	}
}

func (n *needles) addText(text string) {
	text = lower(text)
	if digits := alphanumeric(text); len(digits) == guidDigits && guidLike.FindString(text) != "" {
		n.guids = append(n.guids, digits)
	}
	if len(text) < minPart {
		n.whole[text] = true
		return
	}
	n.parts = append(n.parts, text)
	if form := strings.ReplaceAll(text, " ", "+"); form != text { // as in a query
		n.parts = append(n.parts, form)
	}
}

// signing returns n with the right signatures of a body: with one of them it is accepted.
func (n *needles) signing(body []byte) *needles {
	with := *n
	with.parts = slices.Clone(n.parts)
	for _, key := range n.keys {
		mac := hmac.New(sha256.New, []byte(key))
		mac.Write(body)
		sum := mac.Sum(nil)
		with.parts = append(with.parts, hex.EncodeToString(sum), lower(string(sum)))
	}
	return &with
}

// maxEscapes is how often a text may be escaped.
const maxEscapes = 4

// in reports whether a text has one of n, in any letter case, percent-encoded, escaped as
// in JSON, or in base64. A text that is escaped more often than anybody does has one too.
func (n *needles) in(text string) bool {
	for range maxEscapes {
		if n.plainIn(text) || n.base64In(text) {
			return true
		}
		plain := unescape(text)
		if plain == text {
			return false
		}
		text = plain
	}
	return true
}

func (n *needles) plainIn(text string) bool {
	text = lower(text)
	contains := func(part string) bool { return strings.Contains(text, part) }
	if n.whole[text] || slices.ContainsFunc(n.parts, contains) {
		return true
	}
	if len(n.guids) == 0 {
		return false
	}
	text = alphanumeric(text)
	return slices.ContainsFunc(n.guids, contains)
}

var (
	base64Run   = regexp.MustCompile(`[A-Za-z0-9+/_-]{2,}`)
	oneAlphabet = strings.NewReplacer("-", "+", "_", "/")
)

func (n *needles) base64In(text string) bool {
	for _, run := range base64Run.FindAllString(text, -1) {
		run = oneAlphabet.Replace(run)
		for from := range min(4, len(run)) { // letters may stand in front of it
			coded := run[from:]
			if len(coded)%4 == 1 {
				coded = coded[:len(coded)-1]
			}
			decoded, _ := base64.RawStdEncoding.DecodeString(coded)
			if n.plainIn(string(decoded)) {
				return true
			}
		}
	}
	return false
}

var escape = regexp.MustCompile(`%[0-9A-Fa-f]{2}|(?:\\u[0-9A-Fa-f]{4})+|\\x[0-9A-Fa-f]{2}|\\["\\/]`)

// unescape resolves percent-encoding, and escapes as in JSON, once.
func unescape(text string) string {
	return escape.ReplaceAllStringFunc(text, func(e string) string {
		switch {
		case e[0] == '%', e[1] == 'x':
			c, _ := strconv.ParseUint(e[len(e)-2:], 16, 8)
			return string([]byte{byte(c)})
		case e[1] != 'u':
			return e[1:]
		}
		var units []uint16
		for digits := range strings.SplitSeq(e[2:], `\u`) {
			unit, _ := strconv.ParseUint(digits, 16, 16)
			units = append(units, uint16(unit))
		}
		return string(utf16.Decode(units))
	})
}

// lower is strings.ToLower for ASCII. It leaves binary credentials as they are.
func lower(text string) string {
	b := []byte(text)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// alphanumeric returns the letters and digits of ASCII in a text.
func alphanumeric(text string) string {
	b := make([]byte, 0, len(text))
	for i := range len(text) {
		if c := text[i]; '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' {
			b = append(b, c)
		}
	}
	return string(b)
}
