package timestamp

import "time"

// usual reads what nearly all times look like, without package time's parser:
// 2006-01-02T15:04:05, maybe with a fraction, and Z, an offset as +02:00 or, if zone
// is UTC, nothing behind. What it does not read may still be a time.
func usual[text string | []byte](s text, zone *time.Location) (time.Time, bool) {
	if len(s) < len("2006-01-02T15:04:05") || s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':' {
		return time.Time{}, false
	}
	year := 100*pair(s, 0) + pair(s, 2)
	month, day, hour, minute, second := pair(s, 5), pair(s, 8), pair(s, 11), pair(s, 14), pair(s, 17)
	// A pair that is no number is too large for its range. The first and last years
	// are for Bounded.
	if year < 3 || year > 9998 || month-1 > 11 || day-1 > 30 || day > 28 && day > daysIn(year, month) ||
		hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	i, nsec := 19, 0
	if len(s) > 20 && (s[19] == '.' || s[19] == ',') {
		i++
		for unit := 100_000_000; i < len(s) && '0' <= s[i] && s[i] <= '9'; i++ {
			nsec += int(s[i]-'0') * unit
			unit /= 10
		}
		if i == 20 {
			return time.Time{}, false
		}
	}
	offset := 0
	switch len(s) - i {
	case 0:
		if zone != nil && zone != time.UTC {
			return time.Time{}, false
		}
	case 1:
		if s[i] != 'Z' {
			return time.Time{}, false
		}
	case len("+02:00"):
		h, m := pair(s, i+1), pair(s, i+4)
		if s[i] != '+' && s[i] != '-' || s[i+3] != ':' || h > 23 || m > 59 {
			return time.Time{}, false
		}
		if offset = int(h*60+m) * 60; s[i] == '-' {
			offset = -offset
		}
	default:
		return time.Time{}, false
	}
	t := time.Date(int(year), time.Month(month), int(day), int(hour), int(minute), int(second), nsec, time.UTC)
	return shift(t, offset), true
}

// pair returns the number of the two digits at i, or one above 99.
func pair[text string | []byte](s text, i int) uint {
	a, b := uint(s[i])-'0', uint(s[i+1])-'0'
	if a > 9 || b > 9 {
		return 1 << 16
	}
	return 10*a + b
}

func daysIn(year, month uint) uint {
	switch time.Month(month) {
	case time.February:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case time.April, time.June, time.September, time.November:
		return 30
	default:
		return 31
	}
}

// shift returns the moment at which clocks that are offset seconds ahead of UTC show
// what t, in UTC, shows.
func shift(t time.Time, offset int) time.Time {
	if offset == 0 {
		return t
	}
	return t.Add(-time.Duration(offset) * time.Second).In(time.FixedZone("", offset))
}
