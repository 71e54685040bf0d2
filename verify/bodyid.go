package verify

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"unicode"

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
	// for a text that is not an ID at all. Required. It must not keep dst.
	Normalize func(dst []byte, text string) ([]byte, bool)
	// Mask appends to dst what is left in place of an ID in the body that is
	// decoded; id is normalised. Nil: nothing, an empty string. It must not keep
	// dst or id.
	Mask func(dst, id []byte) []byte
}

// BodyID is a [Verifier] for a secret inside the body. It looks at values, not
// at names: a request is genuine if the value of any member of the top-level
// object is an accepted ID. Make it with [NewBodyID]; the zero BodyID refuses
// every request.
//
// A secret in the body does not protect the body: whoever has seen one request
// can make up others. Such a vendor must be received over TLS only.
//
// The body is not yet trusted when it is read, so repeated names, broken UTF-8
// and what is no JSON object are refused, as not authenticated. An error names
// the members of the body, so that an operator can see what the vendor sends:
// names only, at most 16 of them, at most five times at once and once a second.
type BodyID struct {
	ids       []credential.Digest
	labels    []string
	normalize func(dst []byte, text string) ([]byte, bool)
	mask      func(dst, id []byte) []byte
	scratch   sync.Pool // of *scratch
	naming    *sampler
}

// scratch is room for an ID, and for what is left of it.
type scratch struct{ id, mask []byte }

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
		scratch:   sync.Pool{New: func() any { return &scratch{make([]byte, 0, 64), make([]byte, 0, 128)} }},
		naming:    newSampler(1, 5),
	}
	if v.mask == nil {
		v.mask = func(dst, _ []byte) []byte { return dst }
	}
	for i, id := range c.IDs {
		text, _ := id.Reveal()
		normal, ok := c.Normalize(nil, text)
		if !ok || len(normal) == 0 {
			return nil, fmt.Errorf("verify: BodyIDConfig.IDs[%d] is not an ID", i)
		}
		v.ids = append(v.ids, credential.Sum(normal))
		v.labels = append(v.labels, fmt.Sprintf("ID %d", i+1))
	}
	return v, nil
}

// Verify implements [Verifier]. Its label is "ID 1" for the first ID.
func (v *BodyID) Verify(_ *http.Request, body []byte) (by string, err error) {
	match, err := v.find(body, func(int, int, []byte) {}, nil)
	return v.judge(body, match, err)
}

// VerifyBody implements [BodyVerifier]: every member that is an accepted ID is
// masked.
func (v *BodyID) VerifyBody(_ *http.Request, body []byte) (by string, masked []byte, err error) {
	masked, match, err := v.masked(body)
	if by, err = v.judge(body, match, err); err != nil {
		return "", nil, err
	}
	return by, masked, nil
}

// Mask implements [BodyVerifier].
func (v *BodyID) Mask(body []byte) []byte {
	if masked, match, err := v.masked(body); err == nil && match >= 0 {
		return masked
	}
	return body
}

func (v *BodyID) masked(body []byte) (masked []byte, match int, err error) {
	if v == nil {
		return nil, -1, nil
	}
	rest := 0
	match, err = v.find(body, func(start, end int, text []byte) {
		if masked == nil {
			masked = make([]byte, 0, len(body)+64)
		}
		masked = append(masked, body[rest:start]...)
		masked = jsonbody.AppendQuote(masked, text)
		rest = end
	}, v.mask)
	if err != nil || match < 0 {
		return nil, -1, err
	}
	return append(masked, body[rest:]...), match, nil
}

// find calls found for each value that is an accepted ID, with what mask leaves
// of it. It returns the index of the first one's ID, or -1 if there is none.
func (v *BodyID) find(body []byte, found func(start, end int, text []byte), mask func(dst, id []byte) []byte) (match int, err error) {
	if v == nil || len(v.ids) == 0 {
		return -1, nil
	}
	buf := v.scratch.Get().(*scratch)
	defer v.scratch.Put(buf)

	match = -1
	err = jsonbody.Members(body, func(m *jsonbody.Member) bool {
		text, ok := m.Text()
		if !ok {
			return true
		}
		normal, ok := v.normalize(buf.id[:0], text)
		if !ok {
			return true
		}
		buf.id = normal
		if i := v.match(normal); i >= 0 {
			if match < 0 {
				match = i
			}
			if mask != nil {
				buf.mask = mask(buf.mask[:0], normal)
			}
			found(m.Start, m.End, buf.mask)
		}
		return true
	})
	return match, err
}

// judge makes of what find has returned what Verify returns.
func (v *BodyID) judge(body []byte, match int, err error) (by string, _ error) {
	switch {
	case v == nil || len(v.ids) == 0:
		return "", ErrUnauthenticated
	case err != nil:
		return "", fmt.Errorf("%w: no ID can be read: %w", ErrBadCredential, err)
	case match < 0:
		return "", fmt.Errorf("%w: no member is an accepted ID%s", ErrBadCredential, v.names(body))
	default:
		return v.labels[match], nil
	}
}

// match returns the index of the first ID that equals id, or -1, having looked
// at all of them.
func (v *BodyID) match(id []byte) int {
	sum := credential.Sum(id)
	match := -1
	for i := range v.ids {
		if subtle.ConstantTimeCompare(sum[:], v.ids[i][:]) == 1 && match < 0 {
			match = i
		}
	}
	return match
}

// names lists the names of the body's members for the log. They come from an
// unknown sender: few, short, printable and not often.
func (v *BodyID) names(body []byte) string {
	const maxNames, maxLen = 16, 40
	if !v.naming.allow() {
		return ""
	}
	var names []string
	_ = jsonbody.Members(body, func(m *jsonbody.Member) bool {
		if len(names) == maxNames {
			names = append(names, "…")
			return false
		}
		if _, ok := v.normalize(nil, m.Name); ok {
			names = append(names, "[redacted]")
			return true
		}
		name := []rune(m.Name)
		if len(name) > maxLen {
			name = append(name[:maxLen], '…')
		}
		names = append(names, strings.Map(func(r rune) rune {
			if !unicode.IsPrint(r) {
				return '\uFFFD'
			}
			return r
		}, string(name)))
		return true
	})
	return fmt.Sprintf(" (members: %s)", strings.Join(names, ", "))
}
