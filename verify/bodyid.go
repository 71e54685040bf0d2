package verify

import (
	"bytes"
	"crypto/subtle"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/credential"
	"github.com/accesshook/accesshook/internal/jsonbody"
)

// BodyIDConfig describes a secret that the vendor sends inside the body, as the
// value of some member of the top-level JSON object.
type BodyIDConfig struct {
	// IDs are the accepted secrets. Required.
	IDs []event.Secret
	// Normalize brings an ID as it may be written (letter case, braces, hyphens)
	// into the form in which IDs are compared, appended to dst. It reports false
	// for a string that is not an ID at all. Letters and digits may become others, and
	// not more. Required. It must not keep dst or text.
	Normalize func(dst, text []byte) ([]byte, bool)
	// Mask appends to dst what is decoded in place of an ID; id is normalised. Nil:
	// an empty string. It must not keep dst or id.
	Mask func(dst, id []byte) []byte
}

// BodyID is a [Verifier] for a secret inside the body. It looks at values, not
// at names: a request is genuine if the value of any member of the top-level
// object is an accepted ID. Make it with [NewBodyID]; the zero BodyID refuses
// every request.
//
// A secret in the body does not protect the body: whoever has seen one request
// can make up others. Receive such a vendor over TLS only.
//
// A body whose top-level object has a name twice, or that is nested too deep, is
// refused, since two readers could understand it differently. One that is not JSON
// is judged by the strings in it: it is genuine if one of them is an accepted ID,
// and then malformed.
//
// An error names the members of the body, so that an operator can see what the
// vendor sends: names only, at most 16 of them, at most five times at once and once
// a second.
type BodyID struct {
	ids       []credential.Digest
	normal    []event.Secret
	letters   []event.Secret // of each normal, see lettersOf
	labels    []string
	shortest  int // of letters
	normalize func(dst, text []byte) ([]byte, bool)
	mask      func(dst, id []byte) []byte
	scratch   sync.Pool // of *[]byte
	naming    *sampler
}

// maxID is the longest string that may be an ID.
const maxID = 256

// NewBodyID returns a verifier for c. The error names the field that is wrong.
func NewBodyID(c BodyIDConfig) (*BodyID, error) {
	if c.Normalize == nil {
		return nil, errors.New("verify: BodyIDConfig.Normalize is nil")
	}
	if err := credential.CheckAll("verify: BodyIDConfig.IDs", c.IDs, 0); err != nil {
		return nil, err
	}
	v := &BodyID{
		normalize: c.Normalize,
		mask:      c.Mask,
		scratch:   sync.Pool{New: func() any { b := make([]byte, 0, maxID); return &b }},
		naming:    newSampler(1, 5),
		shortest:  maxID,
	}
	if v.mask == nil {
		v.mask = func(dst, _ []byte) []byte { return dst }
	}
	for i, id := range c.IDs {
		text, _ := id.Reveal()
		normal, ok := c.Normalize(nil, []byte(text))
		letters := lettersOf(string(normal))
		if !ok || letters == "" || len(letters) > len(text) || len(text) > maxID {
			return nil, fmt.Errorf("verify: BodyIDConfig.IDs[%d] is not an ID", i)
		}
		v.ids = append(v.ids, credential.Sum(normal))
		v.normal = append(v.normal, event.NewSecret(string(normal)))
		v.letters = append(v.letters, event.NewSecret(letters))
		v.labels = append(v.labels, fmt.Sprintf("ID %d", i+1))
		v.shortest = min(v.shortest, len(letters))
	}
	return v, nil
}

// Verify implements [Verifier]. Its label is "ID 1" for the first ID.
func (v *BodyID) Verify(r *http.Request, body []byte) (credential string, err error) {
	credential, _, err = v.VerifyBody(r, body)
	return credential, err
}

// VerifyBody implements [BodyVerifier].
func (v *BodyID) VerifyBody(_ *http.Request, body []byte) (credential string, spans []Span, err error) {
	credential, r, _, err := v.walk(body)
	if err != nil {
		return "", nil, err
	}
	if r == nil {
		return credential, v.quoted(body), nil
	}
	defer r.Close()
	return credential, v.spans(body, r), nil
}

// Credentials implements [BodyVerifier].
func (v *BodyID) Credentials(body []byte) []Span {
	if v == nil || len(v.ids) == 0 {
		return nil
	}
	r, err := jsonbody.Open(body)
	if err != nil {
		return v.quoted(body)
	}
	defer r.Close()
	r.MarkWhere(v.shortest, v.has)
	return v.spans(body, r)
}

// walk verifies a body. The Reader, which is nil for a body that is no JSON object,
// has marked the credentials and stands at the beginning; nested says that some of
// them are more or less than the value of a top-level member. The caller closes it.
func (v *BodyID) walk(body []byte) (credential string, r *jsonbody.Reader, nested bool, err error) {
	if v == nil || len(v.ids) == 0 {
		return "", nil, false, ErrUnauthenticated
	}
	match := -1
	r, err = jsonbody.OpenUnauthenticated(body)
	switch {
	case err == nil:
		for r.NextString(v.shortest) {
			text, _ := r.Peek()
			if i := v.match(text); i >= 0 {
				r.MarkValue()
				if match < 0 {
					match = i
				}
			}
			r.Skip()
		}
		r.Back(0)
		if match >= 0 {
			nested = r.MarkWhere(v.shortest, v.has)
			return v.labels[match], r, nested, nil
		}
		r.Close()
	case errors.Is(err, jsonbody.ErrSyntax) || errors.Is(err, jsonbody.ErrNotObject):
		for _, text := range quotes(body) {
			if match = v.match(text); match >= 0 {
				return v.labels[match], nil, false, nil
			}
		}
	default:
		return "", nil, false, fmt.Errorf("%w: no ID can be read: %w", ErrBadCredential, err)
	}
	return "", nil, false, fmt.Errorf("%w: no member is an accepted ID%s", ErrBadCredential, v.names(body))
}

// has reports whether an accepted ID stands in text.
func (v *BodyID) has(text []byte) bool { return v.within(text) >= 0 }

// spans returns what r has marked.
func (v *BodyID) spans(body []byte, r *jsonbody.Reader) []Span {
	marked := r.Marked()
	spans := make([]Span, len(marked))
	for i, m := range marked {
		spans[i] = Span{m[0], m[1], v.shown(jsonbody.Unquote(body[m[0]:m[1]]))}
	}
	return spans
}

// within returns the index of the ID that text is or that stands in it, in whatever
// spelling, or -1. It is for the text of a request that was accepted.
func (v *BodyID) within(text []byte) int {
	if i := v.match(text); i >= 0 {
		return i
	}
	letters, inner := lettersOf(string(text)), ""
	if bytes.Contains(text, []byte(`\u`)) {
		inner = lettersOf(unescaped(text))
	}
	for i, id := range v.letters {
		if id, _ := id.Reveal(); strings.Contains(letters, id) || strings.Contains(inner, id) {
			return i
		}
	}
	return -1
}

// unescaped returns text with letters for the \u escapes that JSON in a string has, at
// whatever depth.
func unescaped(text []byte) string {
	const length = len(`\u0000`)
	out := make([]byte, 0, len(text))
	for _, c := range text {
		out = append(out, c)
		for at := len(out) - length; at >= 0 && out[at] == '\\' && out[at+1] == 'u'; at = len(out) - length {
			r, err := strconv.ParseUint(string(out[at+2:]), 16, 16)
			if err != nil {
				break
			}
			out = utf8.AppendRune(out[:at], rune(r))
		}
	}
	return string(out)
}

// shown returns what is decoded in place of a text that is or has an ID.
func (v *BodyID) shown(text []byte) string {
	if i := v.within(text); i >= 0 {
		id, _ := v.normal[i].Reveal()
		return string(v.mask(nil, []byte(id)))
	}
	return ""
}

// quoted returns what has an ID between quotes in a body that is no JSON object.
func (v *BodyID) quoted(body []byte) []Span {
	var spans []Span
	for start, text := range quotes(body) {
		if len(text) >= v.shortest && v.within(text) >= 0 {
			spans = append(spans, Span{start, start + len(text) + 2, v.shown(text)})
		}
	}
	return apart(spans) // two may share a quote
}

// quotes are the texts between two quotes in a body, and where the first is.
func quotes(body []byte) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		start := bytes.IndexByte(body, '"')
		for start >= 0 {
			n := bytes.IndexByte(body[start+1:], '"')
			if n < 0 || !yield(start, body[start+1:start+1+n]) {
				return
			}
			start += 1 + n // it may begin the next
		}
	}
}

// match returns the index of the ID that text is, or -1, having looked at all of
// them.
func (v *BodyID) match(text []byte) int {
	if len(text) < v.shortest || len(text) > maxID {
		return -1
	}
	buf := v.scratch.Get().(*[]byte)
	defer v.scratch.Put(buf)
	normal, ok := v.normalize((*buf)[:0], text)
	if !ok {
		return -1
	}
	sum := credential.Sum(normal)
	match := -1
	for i := range v.ids {
		if subtle.ConstantTimeCompare(sum[:], v.ids[i][:]) == 1 && match < 0 {
			match = i
		}
	}
	return match
}

// lettersOf returns the letters and digits of text in lower case: what is left of
// an ID in every spelling.
func lettersOf(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, text)
}

// holds is has, in constant time, for the beginning of a name in a body that was
// refused.
func (v *BodyID) holds(name []byte) bool {
	letters := lettersOf(string(name[:min(len(name), maxID)]))
	found := 0
	for _, id := range v.letters {
		id, _ := id.Reveal()
		want := credential.Sum(id)
		for i := 0; i+len(id) <= len(letters); i++ {
			got := credential.Sum(letters[i : i+len(id)])
			found |= subtle.ConstantTimeCompare(got[:], want[:])
		}
	}
	return found == 1
}

// names lists the names of the body's members for the log. They come from an
// unknown sender: few, short, printable and not often.
func (v *BodyID) names(body []byte) string {
	const maxNames, maxLen = 16, 40
	if !v.naming.allow() {
		return ""
	}
	r, err := jsonbody.Open(body)
	if err != nil {
		return " (no JSON object)"
	}
	defer r.Close()
	var names []string
	for r.Object(); r.Next(); r.Skip() {
		if len(names) == maxNames {
			names = append(names, "…")
			break
		}
		if _, ok := v.normalize(nil, r.Name()); ok || v.holds(r.Name()) {
			names = append(names, "[redacted]")
			continue
		}
		name := []rune(string(r.Name()))
		if len(name) > maxLen {
			name = append(name[:maxLen], '…')
		}
		names = append(names, strings.Map(func(r rune) rune {
			if !unicode.IsPrint(r) {
				return '\uFFFD'
			}
			return r
		}, string(name)))
	}
	return fmt.Sprintf(" (members: %s)", strings.Join(names, ", "))
}
