package verify

import (
	"fmt"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/jsonbody"
)

// Unmarshal reads body, a JSON object, into the struct that v points to, for the
// Decode of a vendor of your own. It knows the tags of encoding/json, and tolerates
// what vendors have been seen to do, so that no event is lost for it. The warnings
// belong into Event.Warnings.
//
//   - Names match in any letter case. Members that no field is for go into a field
//     of type map[string]json.RawMessage with the tag `json:",embed"`, if there is one.
//   - Null and an empty string say nothing. The field stays zero.
//   - A value of another JSON type is converted where that can be, with a warning. A
//     number or boolean becomes the string that it is written as. A string or an
//     integral float may stand for an integer, and "true", "false", 0 and 1 for a
//     boolean. One value may stand for an array, an array of one for its element, and
//     JSON in a string for an object or array.
//   - A value that cannot be converted costs its field, with a warning. The map of
//     other members has it, under the name of the field, unless the field may hold an
//     [event.Secret].
//   - A [time.Time] is read from RFC 3339 and the other forms that vendors send: ISO
//     8601 without seconds or with "+0200", RFC 1123, /Date(ms)/, seconds to
//     microseconds since 1970. One without a zone is UTC.
//   - Of members of one name the last one with a value that fits counts, as a whole,
//     with a warning.
//   - Broken UTF-8 becomes U+FFFD, with a warning.
//   - Elements of arrays that say nothing are left out, and those that cannot be
//     converted, with a warning.
//   - Of objects in arrays that are empty, or of a type of 512 bytes or more and with
//     less than a member for each 256 bytes, some are kept: as many as take 16 KiB.
//     Others are left out, with a warning: a short body could make any number of them.
//
// The UnmarshalJSON or UnmarshalText of a field's type is asked, that of v is not. What
// it refuses is a value that cannot be converted. What is in arrays takes at most some
// 12 MiB of memory; more is left out, with a warning.
//
// The struct must be zero. Unmarshal panics if it has two fields of one name, or more
// than 256 fields, or embeds a pointer.
//
// The error matches [ErrMalformed]: body is no JSON object, or nested deeper than 64
// levels. Neither an error nor a warning holds a part of a value.
func Unmarshal(body []byte, v any) ([]event.Warning, error) {
	warnings, err := jsonbody.Unmarshal(body, v)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return warnings, nil
}
