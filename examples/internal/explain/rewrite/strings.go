package rewrite

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Strings is how strings are escaped. The texts of a program differ in nothing else.
type Strings int

// Ways to escape strings.
const (
	KeepStrings    Strings = iota
	SlashEscaped           // with \/, everything else as it is
	SlashPlain             // without \/, everything else as it is
	Plain                  // only what must be, as JSON.stringify
	PlainSlash             // and \/, as PHP with JSON_UNESCAPED_UNICODE
	ASCII                  // beyond ASCII as \u00e9, as Python
	ASCIISlash             // and \/, as PHP
	UpperASCII             // beyond ASCII as \u00E9
	HTML                   // < > & as \u003c, as package encoding/json of Go
	GSON                   // < > & = ' as \u003c
	SystemTextJSON         // beyond ASCII and < > & ' " + ` as \u003C, as System.Text.Json of .NET
	stringStyles
)

func (s Strings) slash() bool {
	return s == SlashEscaped || s == PlainSlash || s == ASCIISlash
}

func (s Strings) ascii() bool {
	return s == ASCII || s == ASCIISlash || s == UpperASCII || s == SystemTextJSON
}

// special are the characters that a style writes as \u beside those that must be escaped.
func (s Strings) special() string {
	switch s {
	case ASCII:
		return "\x7f"
	case HTML:
		return "<>&\u2028\u2029"
	case GSON:
		return "<>&='\u2028\u2029"
	case SystemTextJSON:
		return "<>&'\"+`\x7f"
	}
	return ""
}

// string writes a string, which has its quotes.
func (w *writer) string(text []byte) {
	style := w.Strings
	if style == KeepStrings {
		w.out = append(w.out, text...)
		return
	}
	w.out = append(w.out, '"')
	special := style.special()
	for text = text[1 : len(text)-1]; len(text) > 0; {
		r, size, escaped := next(text)
		unit := text[:size]
		text = text[size:]
		switch {
		case r == '/':
			if style.slash() {
				w.out = append(w.out, '\\')
			}
			w.out = append(w.out, '/')
		case style == SlashEscaped || style == SlashPlain || r < 0: // r < 0: no character
			w.out = append(w.out, unit...)
		case strings.ContainsRune(special, r):
			w.unit(r)
		case r == '"' || r == '\\':
			w.out = append(w.out, '\\', byte(r))
		case r < ' ':
			w.control(r)
		case r < utf8.RuneSelf:
			w.out = append(w.out, byte(r))
		case style.ascii() || utf16.IsSurrogate(r): // alone, in an escape
			w.unit(r)
		case escaped:
			w.out = utf8.AppendRune(w.out, r)
		default:
			w.out = append(w.out, unit...)
		}
	}
	w.out = append(w.out, '"')
}

// next reads a character, which may be a surrogate without its other half. It is -1 if it
// is no UTF-8.
func next(text []byte) (r rune, size int, escaped bool) {
	if text[0] != '\\' {
		r, size = utf8.DecodeRune(text)
		if r == utf8.RuneError && size == 1 {
			return -1, 1, false
		}
		return r, size, false
	}
	if text[1] != 'u' {
		if i := bytes.IndexByte([]byte(`bfnrt`), text[1]); i >= 0 {
			return rune("\b\f\n\r\t"[i]), 2, true
		}
		return rune(text[1]), 2, true
	}
	r = hex4(text[2:])
	if utf16.IsSurrogate(r) && len(text) >= 12 && text[6] == '\\' && text[7] == 'u' {
		if both := utf16.DecodeRune(r, hex4(text[8:])); both != utf8.RuneError {
			return both, 12, true
		}
	}
	return r, 6, true
}

func hex4(digits []byte) rune {
	n, _ := strconv.ParseUint(string(digits[:4]), 16, 16) // it is valid
	return rune(n)
}

func (w *writer) control(r rune) {
	if i := strings.IndexRune("\b\f\n\r\t", r); i >= 0 {
		w.out = append(w.out, '\\', `bfnrt`[i])
	} else {
		w.unit(r)
	}
}

// unit writes \u escapes.
func (w *writer) unit(r rune) {
	if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
		w.unit(high)
		r = low
	}
	digits := "0123456789abcdef"
	if w.Strings == UpperASCII || w.Strings == SystemTextJSON {
		digits = "0123456789ABCDEF"
	}
	w.out = append(w.out, '\\', 'u', digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15])
}
