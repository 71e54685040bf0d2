package verify

import "github.com/accesshook/accesshook/internal/jsonbody"

// Marshal writes v, a struct or a pointer to one, by the tags by which [Unmarshal] reads
// it. Call it in the MarshalJSON of a payload that keeps members in a map with the tag
// `json:",embed"`, which encoding/json does not know:
//
//	func (b Badge) MarshalJSON() ([]byte, error) { return verify.Marshal(b) }
//
// The members of the map stand beside the fields then. Secrets are masked. Invisible
// characters are written as escapes, in the members of the map and their names too, as
// [event.Event.MarshalJSON] does. The MarshalJSON of v itself is not called.
func Marshal(v any) ([]byte, error) { return jsonbody.Append(nil, v) }
