package timestamp

import (
	"strconv"
	"strings"
	"time"
)

// A number is one of JSON's: 0.digits times ten to the power of point, where the
// digits are those of whole and fraction and the first is not zero. Zero has none.
type number struct {
	whole, fraction string
	point           int
}

// parseNumber reads a number that is not negative. A number with zeros in front, as
// no JSON has them, is none.
func parseNumber(s string) (n number, ok bool) {
	whole := s[:digitsAt(s)]
	rest := s[len(whole):]
	if whole == "" || whole[0] == '0' && len(whole) > 1 {
		return n, false
	}
	fraction := ""
	if len(rest) > 0 && rest[0] == '.' {
		fraction = rest[1 : 1+digitsAt(rest[1:])]
		if rest = rest[1+len(fraction):]; fraction == "" {
			return n, false
		}
	}
	exponent := 0
	if len(rest) > 0 && rest[0]|0x20 == 'e' {
		// Of three digits at most: what has more is no time.
		i, err := strconv.ParseInt(rest[1:], 10, 11)
		if err != nil {
			return n, false
		}
		exponent, rest = int(i), ""
	}
	if rest != "" {
		return n, false
	}
	if whole != "0" {
		return number{whole, fraction, len(whole) + exponent}, true
	}
	digits := strings.TrimLeft(fraction, "0")
	if digits == "" {
		return n, true
	}
	return number{"", digits, exponent - (len(fraction) - len(digits))}, true
}

// digitsAt returns how many digits s begins with.
func digitsAt(s string) int {
	i := 0
	for i < len(s) && '0' <= s[i] && s[i] <= '9' {
		i++
	}
	return i
}

// shifted returns n times ten to the power of -places as whole seconds and
// nanoseconds.
func (n number) shifted(places int) (sec, nsec int64) {
	at := func(i int) int64 {
		switch {
		case i < len(n.whole):
			return int64(n.whole[i] - '0')
		case i < len(n.whole)+len(n.fraction):
			return int64(n.fraction[i-len(n.whole)] - '0')
		default:
			return 0
		}
	}
	whole := n.point - places
	for i := range whole {
		sec = 10*sec + at(i)
	}
	for i := range 9 {
		nsec = 10*nsec + at(whole+i)
	}
	return sec, nsec
}

// Seconds from the beginnings of other calendars to 1970, and how many seconds of
// ten digits there are.
const (
	since1601  = 11_644_473_600
	sinceYear1 = 62_135_596_800
	tenDigits  = 10_000_000_000
)

// number reads s, which is n, by the table of [Format.Parse].
func (f *Format) number(s string, n number) (time.Time, Status) {
	var sec, nsec int64
	switch n.point {
	case 10:
		sec, nsec = n.shifted(0)
	case 13:
		sec, nsec = n.shifted(3)
	case 16:
		sec, nsec = n.shifted(6)
	case 19:
		if sec, nsec = n.shifted(9); sec >= 3e9 {
			return time.Time{}, Unreadable
		}
	case 18:
		sec, nsec = n.shifted(7)
		if sec >= sinceYear1 {
			sec -= sinceYear1
		} else {
			sec -= since1601
		}
		if sec < 0 || sec >= tenDigits {
			return time.Time{}, Unreadable
		}
	case 14:
		return f.iso(s)
	case 17:
		if len(n.whole) != len(s) {
			return time.Time{}, Unreadable
		}
		return f.iso(s[:14] + "." + s[14:])
	default:
		return time.Time{}, Unreadable
	}
	return time.Unix(sec, nsec).UTC(), Read
}

// dotNet reads the rest of "/Date(1715675467000)/" or "/Date(1715675467000+0200)/".
func dotNet(s string) (time.Time, Status) {
	s, ok := strings.CutSuffix(s, ")/")
	if !ok {
		return time.Time{}, Unreadable
	}
	if i := strings.LastIndexAny(s, "+-"); i > 0 {
		if _, _, ok := zone(s[i:]); !ok {
			return time.Time{}, Unreadable
		}
		s = s[:i]
	}
	ms, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return time.Time{}, Unreadable
	}
	return time.UnixMilli(ms).UTC(), Read
}
