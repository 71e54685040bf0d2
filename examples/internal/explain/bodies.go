package explain

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/accesshook/accesshook/examples/internal/capture"
	"github.com/accesshook/accesshook/examples/internal/explain/rewrite"
	"github.com/accesshook/accesshook/examples/internal/vendors"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
)

// A change is one way in which a body may have been another one when it was signed.
type change struct {
	text  string // what follows "the body"
	kind  kind
	style func(*rewrite.Style)
	bytes func([]byte) []byte // after the styles
}

type kind int

const (
	rewritten kind = iota
	edited
	lost
)

// bodies are what a body may have been.
type bodies struct {
	body    []byte
	text    *rewrite.Text // nil: not JSON
	choices [][]change    // at most one of each is made; the likeliest first
}

func newBodies(v vendors.Vendor, q *capture.Request, budget int64) bodies {
	b := bodies{body: q.Body, choices: [][]change{ends, lineEnds, characters, marks, wholes(q)}}
	const parsing = 16 // times as long as hashing
	if parsing*int64(len(q.Body)) > budget {
		return b
	}
	if text, ok := rewrite.Parse(bytes.TrimPrefix(q.Body, bom)); ok {
		b.text = text
		b.choices = append(b.choices, layouts, escapes, orders(v, q.Body), numbers(text.Numbers()))
	}
	return b
}

// each yields every set of n changes.
func (b *bodies) each(n int, yield func([]change) bool) {
	var set func(choices [][]change, chosen []change) bool
	set = func(choices [][]change, chosen []change) bool {
		if len(chosen) == n {
			return yield(slices.Clone(chosen))
		}
		for i, choice := range choices {
			for _, c := range choice {
				if !set(choices[i+1:], append(chosen, c)) {
					return false
				}
			}
		}
		return true
	}
	set(b.choices, nil)
}

// change makes changes. cost is that of writing, in bytes that are hashed.
func (b *bodies) change(changes []change) (body []byte, cost int64) {
	var style rewrite.Style
	styled := false
	for _, c := range changes {
		if c.style != nil {
			c.style(&style)
			styled = true
		}
	}
	body = b.body
	if styled {
		body = b.text.Append(make([]byte, 0, len(body)+64), style)
		cost += 4 * int64(len(body))
	}
	for _, c := range changes {
		if c.bytes != nil {
			body = c.bytes(body)
			cost += int64(len(body))
		}
	}
	return body, cost
}

var (
	bom     = []byte("\xef\xbb\xbf")
	crlf    = []byte("\r\n")
	lf      = []byte("\n")
	layouts = []change{
		layout("without white space between its fields", rewrite.Compact),
		layout("with a space after each comma and colon, as Python writes it", rewrite.Spaced),
		layout("indented by two spaces", rewrite.Indent2),
		layout("indented by four spaces", rewrite.Indent4),
		layout("indented by tabs", rewrite.IndentTab),
		layout("indented as Jackson does", rewrite.Jackson),
	}
	escapes = []change{
		escape(`with slashes escaped (\/)`, rewrite.SlashEscaped),
		escape(`with slashes that are not escaped (/)`, rewrite.SlashPlain),
		escape(`with characters that are not escaped (é)`, rewrite.Plain),
		escape(`with characters beyond ASCII escaped (\u00e9), as Python writes it`, rewrite.ASCII),
		escape(`with characters beyond ASCII and slashes escaped (\u00e9, \/), as PHP writes it`, rewrite.ASCIISlash),
		escape(`with slashes escaped and nothing else (\/, é), as PHP writes it with JSON_UNESCAPED_UNICODE`, rewrite.PlainSlash),
		escape(`with characters beyond ASCII escaped in upper case (\u00E9)`, rewrite.UpperASCII),
		escape(`with < > & escaped (\u003c), as Go writes it`, rewrite.HTML),
		escape(`with < > & = ' escaped (\u003c), as Gson writes it`, rewrite.GSON),
		escape(`with < > & ' " + and characters beyond ASCII escaped (\u003C), as System.Text.Json writes it`, rewrite.SystemTextJSON),
	}
	ends = []change{
		edit("with a line feed at its end", func(b []byte) []byte { return with(b, lf) }),
		edit("with CRLF at its end", func(b []byte) []byte { return with(b, crlf) }),
		edit("without the line feed at its end", func(b []byte) []byte { return bytes.TrimSuffix(b, lf) }),
		edit("without the CRLF at its end", func(b []byte) []byte { return bytes.TrimSuffix(b, crlf) }),
		edit("without white space at its end", func(b []byte) []byte { return bytes.TrimRight(b, " \t\r\n") }),
		edit("without white space around it", bytes.TrimSpace),
		edit("without the NUL bytes at its end", func(b []byte) []byte { return bytes.TrimRight(b, "\x00") }),
	}
	lineEnds = []change{
		edit("with LF line ends", func(b []byte) []byte { return bytes.ReplaceAll(b, crlf, lf) }),
		edit("with CRLF line ends", func(b []byte) []byte {
			return bytes.ReplaceAll(bytes.ReplaceAll(b, crlf, lf), lf, crlf)
		}),
		edit("without line ends", func(b []byte) []byte { return bytes.ReplaceAll(bytes.ReplaceAll(b, crlf, nil), lf, nil) }),
	}
	characters = []change{
		edit("in ISO 8859-1", toLatin1),
		edit("in Windows-1252", toWindows1252),
		edit("in UTF-8 instead of ISO 8859-1", fromLatin1),
		edit("in UTF-16", toUTF16),
	}
	marks = []change{
		edit("with a byte order mark before it", func(b []byte) []byte { return with(bom, b) }),
		edit("without its byte order mark", func(b []byte) []byte { return bytes.TrimPrefix(b, bom) }),
	}
)

func layout(text string, l rewrite.Layout) change {
	return change{text: text, style: func(s *rewrite.Style) { s.Layout = l }}
}

func escape(text string, e rewrite.Strings) change {
	return change{text: text, style: func(s *rewrite.Style) { s.Strings = e }}
}

func edit(text string, f func([]byte) []byte) change {
	return change{text: text, kind: edited, bytes: f}
}

func with(a, b []byte) []byte { return append(append(make([]byte, 0, len(a)+len(b)), a...), b...) }

// numbers are changes of all numbers, and of one if there are few.
func numbers(n int) []change {
	var all []change
	styles := []struct {
		text    string
		numbers rewrite.Numbers
	}{
		{"as JavaScript writes them (1, not 1.0 or 1e0)", rewrite.Shortest},
		{"as Python writes them (1000.0, not 1e3)", rewrite.Python},
		{"with a point (1.0, not 1)", rewrite.Point},
		{"with an exponent (1e3)", rewrite.Exponent},
		{"with an exponent (1E3)", rewrite.UpperExponent},
		{"with an exponent (1.0E3)", rewrite.JavaExponent},
	}
	const few = 16
	last := n
	if n > few {
		last = 0
	}
	for which := 0; which <= last; which++ {
		for _, s := range styles {
			text := "with its numbers "
			if which > 0 {
				text = "with one of its numbers "
			}
			all = append(all, change{text: text + s.text, style: func(style *rewrite.Style) { style.Numbers, style.Number = s.numbers, which }})
		}
	}
	return all
}

// orders are the orders that may be that of a body. LoginRadius documents two, of 2019 and
// of 2023, and many of a profile.
func orders(v vendors.Vendor, body []byte) []change {
	order := func(text string, o *rewrite.Order) change {
		return change{text: "with its fields " + text, style: func(s *rewrite.Style) { s.Order = o }}
	}
	all := []change{order("in alphabetical order", rewrite.Alphabetical)}
	e, err := v.Decode(body)
	if err != nil {
		return all
	}
	documented := func(o *rewrite.Order) { all = append(all, order("in the order that the vendor documents", o)) }
	switch v.Name {
	case relock.Vendor:
		documented(rewrite.Names("event", "data").With("data", rewrite.Fields(reflect.TypeOf(e.Payload))))
	case loginradius.Vendor:
		var data *rewrite.Order
		if hook, ok := e.Payload.(*loginradius.Hook); ok && hook.Object != nil {
			data = rewrite.Names("Id", "IsActive", "DateCreated", "DateModified", "IsDeleted", "Uid", "CustomObject")
		}
		documented(rewrite.Names("HookName", "Time", "HookId", "Data").With("Data", data))
		documented(rewrite.Names("HookName", "HookId", "Data", "Time").With("Data", data))
	}
	return all
}

var timeHeader = regexp.MustCompile(`(?i)timestamp|[-_]time$`)

// wholes are what may have been signed in place of the body.
func wholes(q *capture.Request) []change {
	all := []change{
		{text: "without anything in it", kind: lost, bytes: func([]byte) []byte { return nil }},
		{text: "as a string in JSON", kind: rewritten, bytes: func(b []byte) []byte {
			quoted, _ := json.Marshal(string(b)) // a string can be encoded
			return quoted
		}},
	}
	if len(q.Rest) > 0 {
		all = append(all, edit("with what follows it in the capture", func(b []byte) []byte { return with(b, q.Rest) }))
	}
	const enough = 16 // others would use up the budget of the search
	for _, name := range slices.Sorted(maps.Keys(q.Header)) {
		if len(all) >= enough {
			break
		}
		if value := q.Header.Get(name); timeHeader.MatchString(name) && name != capture.RecordedField && len(value) < 64 {
			for _, separator := range []string{".", ":", ""} {
				all = append(all, change{text: "with a timestamp from a header before it", kind: lost, bytes: func(b []byte) []byte {
					return with([]byte(value+separator), b)
				}})
			}
		}
	}
	return all
}

func toLatin1(b []byte) []byte { return encode(b, nil) }

// windows1252 are the characters from 0x80 to 0x9f.
var windows1252 = []rune("€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ")

func toWindows1252(b []byte) []byte { return encode(b, windows1252) }

// encode writes characters as a byte each, if it can.
func encode(b []byte, from80 []rune) []byte {
	out := make([]byte, 0, len(b))
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		i := slices.Index(from80, r)
		switch {
		case i >= 0:
			out = append(out, byte(0x80+i))
		case r > 0xff || r == utf8.RuneError:
			return b[:0]
		default:
			out = append(out, byte(r))
		}
		b = b[size:]
	}
	return out
}

func fromLatin1(b []byte) []byte {
	out := make([]byte, 0, len(b)+len(b)/8)
	for _, c := range b {
		out = utf8.AppendRune(out, rune(c))
	}
	return out
}

func toUTF16(b []byte) []byte {
	out := make([]byte, 0, 2*len(b))
	for _, u := range utf16.Encode([]rune(string(b))) {
		out = append(out, byte(u), byte(u>>8))
	}
	return out
}
