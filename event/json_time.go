package event

import (
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"time"
)

// A jsonTime is a time as RFC 3339 writes it, in UTC once it is read. Unlike
// time.Time it takes all that the grammar allows: t and z, a space for T, and leap
// seconds.
type jsonTime time.Time

var errNotTime = errors.New("not a time of RFC 3339 between the years 0 and 9999")

// UnmarshalJSON implements [json.Unmarshaler]. Null changes nothing.
func (t *jsonTime) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return errNotTime
	}
	at, err := parseTime(s)
	*t = jsonTime(at)
	return err
}

func parseTime(s string) (time.Time, error) {
	const seconds, zone = len("2006-01-02T15:04:"), len("2006-01-02T15:04:05")
	if len(s) < zone {
		return time.Time{}, errNotTime
	}
	s = strings.ToUpper(s)
	if s[10] == ' ' {
		s = s[:10] + "T" + s[11:]
	}
	leap := time.Duration(0)
	if s[seconds:zone] == "60" {
		s, leap = s[:seconds]+"59"+s[zone:], time.Second
	}
	t, err := time.Parse(time.RFC3339, s)
	t = t.UTC().Add(leap)
	if err != nil || t.Year() < 0 || t.Year() > 9999 {
		return time.Time{}, errNotTime
	}
	return t, nil
}

var errNotSeconds = errors.New("event: session duration is not a number of seconds, or out of range")

// maxNumber is the longest number that is read, in characters.
const maxNumber = 64

// parseSeconds reads a number of seconds in any form that JSON has for it. It is
// exact; what is smaller than a nanosecond is cut off.
func parseSeconds(n json.Number) (time.Duration, error) {
	if n == "" {
		return 0, nil
	}
	_, exponent, _ := strings.Cut(strings.ToLower(string(n)), "e")
	r, ok := new(big.Rat), len(n) <= maxNumber && len(exponent) <= len("-999")
	if ok {
		r, ok = r.SetString(string(n))
	}
	if !ok {
		return 0, errNotSeconds
	}
	r.Mul(r, big.NewRat(int64(time.Second), 1))
	nanoseconds := new(big.Int).Quo(r.Num(), r.Denom())
	if !nanoseconds.IsInt64() {
		return 0, errNotSeconds
	}
	return time.Duration(nanoseconds.Int64()), nil
}
