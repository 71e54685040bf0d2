package jsonbody

import (
	"bytes"
	"strconv"
	"strings"
)

// A scalar is a string, number or boolean. Objects and arrays have no text.
type scalar struct {
	text   []byte
	quoted bool
}

func (r *Reader) scalar(at int) scalar {
	t := r.tokens[at]
	switch r.text[t.start] {
	case '"':
		return scalar{bytes.TrimSpace(r.unquote(t)), true}
	case '{', '[':
		return scalar{}
	default:
		return scalar{r.text[t.start:t.end], false}
	}
}

func toBool(s scalar) (b, converted, ok bool) {
	switch text := string(s.text); {
	case text == "true":
		return true, s.quoted, true
	case text == "false":
		return false, s.quoted, true
	case text == "1", strings.EqualFold(text, "true"):
		return true, true, true
	case text == "0", strings.EqualFold(text, "false"):
		return false, true, true
	}
	return false, false, false
}

// Int reads an integer as a field of type int64 does: exactly, also if it is written
// as a float.
func Int(text []byte) (n int64, ok bool) {
	n, _, ok = toInt(scalar{text: text})
	return n, ok
}

func toInt(s scalar) (n int64, converted, ok bool) {
	n, err := strconv.ParseInt(string(s.text), 10, 64)
	if err == nil {
		return n, s.quoted, true
	}
	digits, negative, ok := whole(s.text)
	if negative {
		digits = "-" + digits
	}
	n, err = strconv.ParseInt(digits, 10, 64)
	return n, true, ok && err == nil
}

func toUint(s scalar) (n uint64, converted, ok bool) {
	n, err := strconv.ParseUint(string(s.text), 10, 64)
	if err == nil {
		return n, s.quoted, true
	}
	digits, negative, ok := whole(s.text)
	n, err = strconv.ParseUint(digits, 10, 64)
	return n, true, ok && err == nil && (!negative || n == 0)
}

// maxDigits is how many digits an integer may have.
const maxDigits = 20

// whole returns the digits of a number that is written as a float, if it is an
// integer. [strconv.ParseFloat] would take a thousand times as long for some.
func whole(text []byte) (digits string, negative, ok bool) {
	number, negative := strings.CutPrefix(string(text), "-")
	exponent := int64(0)
	if i := strings.IndexAny(number, "eE"); i >= 0 {
		var err error
		if exponent, err = strconv.ParseInt(number[i+1:], 10, 32); err != nil {
			return "", false, false
		}
		number = number[:i]
	}
	integer, fraction, _ := strings.Cut(number, ".")
	digits = strings.TrimRight(integer+fraction, "0")
	zeros := int(exponent) + len(integer) - len(digits)
	digits = strings.TrimLeft(digits, "0")
	switch {
	case integer == "":
		return "", false, false
	case digits == "":
		return "0", negative, true
	case zeros < 0 || len(digits)+zeros > maxDigits:
		return "", false, false
	}
	return digits + strings.Repeat("0", zeros), negative, true
}

func toFloat(s scalar) (n float64, converted, ok bool) {
	if len(s.text) == 0 || len(bytes.Trim(s.text, "+-0123456789.eE")) > 0 { // no "Inf", no hexadecimal
		return 0, false, false
	}
	n, err := strconv.ParseFloat(string(fewDigits(s.text)), 64)
	return n, s.quoted, err == nil
}

// fewDigits leaves out digits behind the nineteenth. They hardly ever make a
// difference, and then one in the last place, for which [strconv.ParseFloat] may take
// a thousand times as long.
func fewDigits(number []byte) []byte {
	const enough = 19
	if len(number) <= enough {
		return number
	}
	few := make([]byte, 0, len(number))
	digits, fraction, exponent := 0, false, false
	for _, c := range number {
		switch {
		case exponent:
		case c == '.':
			fraction = true
		case c == 'e' || c == 'E':
			exponent = true
		case c == '0' && digits == 0, c < '0':
		default:
			if digits++; digits > enough && fraction {
				continue
			} else if digits > enough {
				c = '0'
			}
		}
		few = append(few, c)
	}
	return few
}
