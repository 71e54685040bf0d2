package verifytest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// A damage is a value that is nearly the one that was sent.
type damage struct{ name, value string }

// damages returns what a value may become. other replaces a character by one that fits
// in its place and is not equal to it.
func damages(value string, other func(byte) byte) []damage {
	backwards := []byte(value)
	slices.Reverse(backwards)
	list := []damage{
		{"without the last character", value[:len(value)-1]},
		{"without the first character", value[1:]},
		{"one half", value[:len(value)/2]},
		{"with a character more", value + "0"},
		{"twice", value + value},
		{"with a character before it", "0" + value},
		{"backwards", string(backwards)},
		{"with a prefix", "sha256=" + value},
	}
	for i := range len(value) {
		changed := []byte(value)
		changed[i] = other(changed[i])
		list = append(list, damage{fmt.Sprintf("with another character %d of %d", i+1, len(value)), string(changed)})
	}
	return slices.DeleteFunc(list, func(d damage) bool { return d.value == value })
}

// nextDigit keeps a number a number, and hexadecimal hexadecimal.
func nextDigit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return '0' + (c-'0'+1)%10
	case 'a' <= c && c <= 'f':
		return 'a' + (c-'a'+1)%6
	case 'A' <= c && c <= 'F':
		return 'A' + (c-'A'+1)%6
	default:
		return c ^ 1
	}
}

// farLetter keeps base64 what it is. It changes a bit that counts: the low bits of the
// last digit need not.
func farLetter(c byte) byte {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	if i := strings.IndexByte(alphabet, c); i >= 0 {
		return alphabet[(i+32)%64]
	}
	return c ^ 1
}

// otherCase changes the case of the last letter.
func otherCase(s string) string {
	b := []byte(s)
	for i := len(b) - 1; i >= 0; i-- {
		if c := b[i] | 0x20; 'a' <= c && c <= 'z' {
			b[i] ^= 0x20
			break
		}
	}
	return string(b)
}

// A headerList is the Header of a request that is accepted, in its parts.
type headerList struct {
	b     *bench
	r     *http.Request
	body  []byte
	parts []string
}

// headerList makes a genuine request and takes its Header apart.
func (b *bench) headerList(p payload) (headerList, error) {
	l := headerList{b: b, body: b.v.fill(p.body, b.v.Credentials[0])}
	var err error
	if l.r, err = b.request(b.v.Credentials[0], p); err != nil {
		return l, err
	}
	value := l.r.Header.Get(b.v.Header)
	if value == "" {
		return l, fmt.Errorf("NewRequest sets no header %s", b.v.Header)
	}
	l.parts = []string{value}
	if b.v.Separator != "" {
		l.parts = strings.Split(value, b.v.Separator)
	}
	if _, err := b.hook.Check(l.r, l.body); err != nil {
		return l, fmt.Errorf("a genuine request: %w", err)
	}
	return l, nil
}

// with returns the request with another part i, or without it if there is none.
func (l headerList) with(i int, part ...string) *http.Request {
	r := l.r.Clone(l.r.Context())
	r.Header.Set(l.b.v.Header, strings.Join(slices.Replace(slices.Clone(l.parts), i, i+1, part...), l.b.v.Separator))
	return r
}

// ignored reports whether part i is nothing to the endpoint, such as a signature of a
// scheme that it does not know: it may change in any way.
func (l headerList) ignored(i int) bool {
	part := l.parts[i]
	if len(l.parts) == 1 {
		return false
	}
	if part == "" {
		return true
	}
	changed := []byte(part)
	changed[len(changed)-1] = nextDigit(changed[len(changed)-1])
	for _, r := range []*http.Request{l.with(i), l.with(i, "x"), l.with(i, string(changed))} {
		if _, err := l.b.hook.Check(r, l.body); err != nil {
			return false
		}
	}
	return true
}
