package unloc

import (
	"github.com/accesshook/accesshook/internal/jsonappend"
	"github.com/accesshook/accesshook/internal/jsonbody"
)

// MarshalJSON returns the whole body.
func (p AccessEvent) MarshalJSON() ([]byte, error) {
	return jsonbody.Append(nil, p)
}

func init() { jsonappend.Trust(new(AccessEvent)) }
