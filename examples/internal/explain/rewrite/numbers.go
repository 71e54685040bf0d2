package rewrite

import (
	"bytes"
	"math"
	"strconv"
)

// Numbers is how numbers are written.
type Numbers int

// Ways to write numbers.
const (
	KeepNumbers   Numbers = iota
	Shortest              // as JavaScript: 1.0 as 1, 1e3 as 1000
	Python                // 1e3 as 1000.0
	Point                 // 1 as 1.0
	Exponent              // 1000 as 1e3
	UpperExponent         // 1000 as 1E3
	JavaExponent          // 1000 as 1.0E3
	numberStyles
)

func (s Numbers) append(dst, text []byte) []byte {
	isFloat := bytes.ContainsAny(text, ".eE")
	if f, err := strconv.ParseFloat(string(text), 64); err == nil && s == Shortest {
		return appendShortest(dst, f)
	} else if err == nil && s == Python && isFloat {
		return appendPython(dst, f)
	}
	if isFloat || s == Shortest || s == Python {
		return append(dst, text...)
	}
	if s == Point {
		return append(append(dst, text...), ".0"...)
	}
	digits := bytes.TrimRight(text, "0")
	zeros := len(text) - len(digits)
	if zeros == 0 || len(digits) == 0 || string(digits) == "-" {
		return append(dst, text...)
	}
	switch s {
	case Exponent:
		dst = append(append(dst, digits...), 'e')
	case UpperExponent:
		dst = append(append(dst, digits...), 'E')
	default:
		sign := b2i(digits[0] == '-')
		dst = append(append(dst, digits[:sign+1]...), '.')
		if zeros += len(digits) - sign - 1; len(digits) == sign+1 {
			dst = append(dst, '0')
		}
		dst = append(append(dst, digits[sign+1:]...), 'E')
	}
	return strconv.AppendInt(dst, int64(zeros), 10)
}

// appendPython writes a number as Python's repr.
func appendPython(dst []byte, f float64) []byte {
	if abs := math.Abs(f); f != 0 && (abs < 1e-4 || abs >= 1e16) {
		return strconv.AppendFloat(dst, f, 'e', -1, 64)
	}
	dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
	if f == math.Trunc(f) {
		dst = append(dst, ".0"...)
	}
	return dst
}

// appendShortest writes a number as JavaScript and encoding/json do.
func appendShortest(dst []byte, f float64) []byte {
	format := byte('f')
	if abs := math.Abs(f); f != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	dst = strconv.AppendFloat(dst, f, format, -1, 64)
	if n := len(dst); format == 'e' && bytes.HasPrefix(dst[n-4:], []byte("e-0")) { // e-07 as e-7
		dst = append(dst[:n-2], dst[n-1])
	}
	return dst
}
