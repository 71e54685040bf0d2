package event

import (
	"encoding/json"
	"errors"
)

// A Text is a string for which a vendor sends a number or a boolean at times, such
// as LoginRadius's LoginLockedType (0 in 2019, "None" in 2023). It holds the literal
// as it was written, is empty for null, and is encoded as a string.
type Text string

var errTextKind = errors.New("event: neither a string, nor a number, nor a boolean")

// UnmarshalJSON implements [json.Unmarshaler] for strings, numbers, booleans and
// null. Its error does not hold the value.
func (t *Text) UnmarshalJSON(data []byte) error {
	switch {
	case len(data) == 0 || data[0] == '{' || data[0] == '[':
		return errTextKind
	case string(data) == "null":
		*t = ""
	case data[0] != '"':
		*t = Text(data)
	default:
		var s string
		if json.Unmarshal(data, &s) != nil {
			return errTextKind
		}
		*t = Text(s)
	}
	return nil
}
