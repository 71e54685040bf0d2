package mask

import (
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	guidDigits  = 32
	shownDigits = 8
	hiddenRest  = "-****-****-****-************" // as userlock.ServerID has it
)

var (
	// guidLike matches what package userlock takes for a GUID, and longer runs of digits.
	guidLike = regexp.MustCompile(`[0-9A-Fa-f](?:-*[0-9A-Fa-f]){31,}`)
	// tokenLike matches JWTs, and runs of the characters of base64, hex and the like that
	// are longer than names and words are.
	tokenLike = regexp.MustCompile(`eyJ[\w-]*\.[\w-]*(?:\.[\w-]*)*|[A-Za-z0-9+/_=-]{24,}`)
	// link matches a URL, whose user and query may be secrets.
	link = regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://)([^/?#\s]*@)?([^?#\s]*)([?#]\S*)?`)

	digit = regexp.MustCompile(`[0-9]`)
	// words matches what tokenLike matches and has no digits: words in one case, or with
	// capitals, such as Get-UserLockServerConfiguration.
	words = regexp.MustCompile(`^(?:[a-z+/_=-]+|[A-Z+/_=-]+|(?:[A-Z]?[a-z]{2,}[/_-]?)+)$`)
)

// clean returns a text without what may be a secret in it. It returns false if nothing of
// the text may stay.
func (p *Pass) clean(text string) (string, bool) {
	if !utf8.ValidString(text) || p.needles.in(text) {
		return "", false
	}
	text = link.ReplaceAllStringFunc(text, func(url string) string {
		parts := link.FindStringSubmatch(url)
		if parts[2] != "" {
			parts[2] = "[redacted]@"
		}
		if len(parts[4]) > 1 {
			parts[4] = parts[4][:1] + "[redacted]"
		}
		return strings.Join(parts[1:], "")
	})
	text = guidLike.ReplaceAllStringFunc(text, func(guid string) string {
		if len(alphanumeric(guid)) > guidDigits {
			return fmt.Sprintf("[redacted token of %d]", len(guid))
		}
		return firstDigits(guid)
	})
	text = tokenLike.ReplaceAllStringFunc(text, func(token string) string {
		if words.MatchString(token) {
			return token
		}
		return fmt.Sprintf("[redacted token of %d]", len(token))
	})
	return text, true
}

// isGUID reports whether a text is a GUID, and nothing else.
func isGUID(text string) bool {
	guid := guidLike.FindString(text)
	return len(alphanumeric(guid)) == guidDigits && strings.Trim(text, " \t\r\n{}()-") == guid
}

// firstDigits returns what may be shown of a GUID.
func firstDigits(guid string) string {
	return lower(alphanumeric(guid)[:shownDigits]) + hiddenRest
}

var (
	timeLike   = regexp.MustCompile(`^\d{4}[-/]\d\d[-/]\d\d([T ]\d\d:\d\d|$)|^\d\d?[-/.]\d\d?[-/.]\d{4}\b|^\\?/Date\(|^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} `)
	numberLike = regexp.MustCompile(`^[+-]?\d+[.,]?\d*$`)
)

// shape says what a text looks like, and nothing else of it.
func shape(text string) string {
	if isGUID(text) {
		return "[redacted GUID]"
	}
	if _, err := netip.ParseAddr(text); err == nil {
		return "[redacted IP address]"
	}
	switch {
	case timeLike.MatchString(text):
		return "[redacted time]"
	case numberLike.MatchString(text):
		return fmt.Sprintf("[redacted string of %d, a number]", len(text))
	}
	return fmt.Sprintf("[redacted string of %d]", utf8.RuneCountInString(text))
}

var (
	// plainName matches names as programmers choose them, valueLike what they do not have.
	plainName = regexp.MustCompile(`^[\p{L}_$@#][\p{L}\p{M}\p{N} _.:/$#()-]{0,63}$`)
	valueLike = regexp.MustCompile(`^eyJ|\d{5}`)
)

// name returns a name as it may be shown: one that looks like a value is masked.
func (p *Pass) name(name string) string {
	long := strings.Join(tokenLike.FindAllString(name, -1), "")
	if plainName.MatchString(name) && !valueLike.MatchString(name) && !guidLike.MatchString(name) && !digit.MatchString(long) && !p.needles.in(name) {
		return name
	}
	return fmt.Sprintf("[redacted name of %d]", utf8.RuneCountInString(name))
}

// Text returns a text about the request, such as an error, as it may be shown.
func (p *Pass) Text(text string) string {
	text, ok := p.clean(text)
	if !ok {
		return redacted
	}
	return text
}

var inQuotes = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// Finding is Text for what has names of the request in double quotation marks, which it
// makes single ones.
func (p *Pass) Finding(text string) string {
	return p.Text(inQuotes.ReplaceAllStringFunc(text, func(quoted string) string {
		name, err := strconv.Unquote(quoted)
		if err != nil {
			return `'…'`
		}
		if name != "" && !index.MatchString(name) {
			name = p.name(name)
		}
		return "'" + name + "'"
	}))
}

// Pointer returns a JSON pointer into the body as it may be shown.
func (p *Pass) Pointer(pointer string) string {
	if pointer == "" {
		return ""
	}
	if p.needles.in(pointer) { // it may have slashes
		return redacted
	}
	unescaped, escaped := strings.NewReplacer("~1", "/", "~0", "~"), strings.NewReplacer("~", "~0", "/", "~1")
	names := strings.Split(pointer, "/")[1:]
	for i, name := range names {
		if name = unescaped.Replace(name); !index.MatchString(name) {
			name = p.name(name)
		}
		names[i] = escaped.Replace(name)
	}
	shown := "/" + strings.Join(names, "/")
	if len(shown) > maxPointer {
		shown = strings.ToValidUTF8(shown[:maxPointer], "") + "…"
	}
	return shown
}

const maxPointer = 256

// index matches an index of an array.
var index = regexp.MustCompile(`^\d{1,4}$`)
