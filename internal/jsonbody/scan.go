package jsonbody

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
)

// A token is a string, a literal or a bracket of a body. Of an opening bracket,
// end is the index of the closing one among the tokens. Of anything else it is
// where in the body the token ends.
type token struct{ start, end uint32 }

// A tape is the tokens of a body in order, without commas and colons.
type tape []token

// traits is what scan has seen on its way.
type traits struct {
	escapes  bool // there are backslashes
	nonASCII bool
	kept     int // bytes of the strings and numbers that are values, but for times
}

// What scan expects next.
const (
	value     = iota // after a colon, or a comma in an array
	element          // a value, or the end of the array that has just begun
	firstName        // a name, or the end of the object that has just begun
	nextName
	colon
	comma // or the end of what is open
	end
)

// scan notes the tokens of text, which is one JSON value, on t. It accepts what
// RFC 8259 accepts, nested up to maxDepth. Repeated names and broken UTF-8 are
// for others to judge. FuzzScan compares it with the JSON library.
func (t tape) scan(text []byte, maxDepth int) (_ tape, seen traits, err error) {
	const none = math.MaxUint32
	if uint64(len(text)) >= none {
		return t, seen, ErrSyntax
	}
	depth, want := 0, value
	parent := uint32(none) // the innermost bracket that is open
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == '"' && want <= nextName:
			stop := scanString(text, i, &seen)
			if stop < 0 {
				return t, seen, ErrSyntax
			}
			t = append(t, token{uint32(i), uint32(stop)})
			i = stop
			if want == firstName || want == nextName {
				if i < len(text) && text[i] == ':' { // as nearly always
					i++
					want = value
				} else {
					want = colon
				}
				continue
			}
			if last := text[t[len(t)-1].start:i]; !likeTime(last) {
				seen.kept += len(last) - len(`""`)
			}
			want = comma

		case c == ',' && want == comma:
			i++
			if want = nextName; text[t[parent].start] == '[' {
				want = value
			}
			continue

		case c == ' ' || c == '\n' || c == '\r' || c == '\t':
			i++
			continue

		case (c == '{' || c == '[') && want <= element:
			if depth++; depth > maxDepth {
				return t, seen, ErrTooDeep
			}
			t = append(t, token{uint32(i), parent})
			parent = uint32(len(t) - 1)
			i++
			if want = firstName; c == '[' {
				want = element
			}
			continue

		case c == ':' && want == colon:
			i++
			want = value
			continue

		case c == '}' && (want == firstName || want == comma && text[t[parent].start] == '{'),
			c == ']' && (want == element || want == comma && text[t[parent].start] == '['):
			open := parent
			parent = t[open].end
			t[open].end = uint32(len(t))
			t = append(t, token{uint32(i), uint32(i + 1)})
			i++
			depth--
			want = comma

		case want <= element:
			stop := scanLiteral(text, i)
			if stop < 0 {
				return t, seen, ErrSyntax
			}
			t = append(t, token{uint32(i), uint32(stop)})
			if c <= '9' {
				seen.kept += stop - i
			}
			i = stop
			want = comma

		default:
			return t, seen, ErrSyntax
		}
		if depth == 0 {
			want = end
		}
	}
	if want != end {
		return t, seen, ErrSyntax
	}
	return t, seen, nil
}

// likeTime reports whether a quoted string begins as a time does.
func likeTime(quoted []byte) bool {
	return len(quoted) > len(`"2006-01-02T15"`) && quoted[1] == '2' && quoted[5] == '-' && quoted[11] == 'T'
}

const (
	everyByte = 0x0101010101010101
	highBits  = 0x8080808080808080
)

// scanString returns where the string ends whose quote is at i, or -1.
func scanString(text []byte, i int, seen *traits) int {
	i++
	for {
		for ; i+8 <= len(text); i += 8 {
			w := binary.LittleEndian.Uint64(text[i:])
			// The high bit of each byte that is a quote, a control character, a
			// backslash or not ASCII. With its second bit flipped, a quote is 0x20 and a
			// space is not, so that one subtraction finds the first two. A byte behind
			// such a one may be marked by mistake; the first is always right.
			special := (w ^ everyByte*2 - everyByte*0x21 | (w ^ everyByte*'\\' - everyByte) | w) & highBits
			if special != 0 {
				i += bits.TrailingZeros64(special) / 8
				break
			}
		}
		if i >= len(text) {
			return -1
		}
		switch c := text[i]; {
		case c == '"':
			return i + 1
		case c == '\\':
			seen.escapes = true
			n := escapeLen(text[i:])
			if n == 0 {
				return -1
			}
			i += n
		case c < ' ':
			return -1
		case c >= 0x80:
			seen.nonASCII = true
			for i++; i < len(text) && text[i] >= 0x80; i++ {
			}
		default:
			i++
		}
	}
}

// escapeLen returns the length of the escape sequence that s begins with, or 0.
func escapeLen(s []byte) int {
	if len(s) < 2 {
		return 0
	}
	switch s[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(s) < 6 {
			return 0
		}
		for _, c := range s[2:6] {
			if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
				return 0
			}
		}
		return 6
	}
	return 0
}

var literals = [...][]byte{[]byte("null"), []byte("true"), []byte("false")}

// scanLiteral returns where the number, true, false or null ends that begins at
// i, or -1.
func scanLiteral(text []byte, i int) int {
	if c := text[i]; c >= 'a' {
		for _, word := range literals {
			if bytes.HasPrefix(text[i:], word) {
				return i + len(word)
			}
		}
		return -1
	}
	if text[i] == '-' {
		i++
	}
	if i < len(text) && text[i] == '0' {
		i++
	} else if i = digits(text, i); i < 0 {
		return -1
	}
	if i < len(text) && text[i] == '.' {
		if i = digits(text, i+1); i < 0 {
			return -1
		}
	}
	if i < len(text) && text[i]|0x20 == 'e' {
		i++
		if i < len(text) && (text[i] == '+' || text[i] == '-') {
			i++
		}
		i = digits(text, i)
	}
	return i
}

// digits returns where the digits end that begin at i, or -1 if there are none.
func digits(text []byte, i int) int {
	from := i
	for i < len(text) && '0' <= text[i] && text[i] <= '9' {
		i++
	}
	if i == from {
		return -1
	}
	return i
}
