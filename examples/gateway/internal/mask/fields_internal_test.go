package mask

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/accesshook/accesshook/event"
)

// A name that is a secret of one vendor and harmless at another is a secret.
func TestSecretOfOneVendor(t *testing.T) {
	type (
		one struct {
			Answer string `json:"answer"`
		}
		other struct {
			Answer event.Secret `json:"Answer"`
		}
	)
	for _, types := range [][]reflect.Type{
		{reflect.TypeFor[one](), reflect.TypeFor[other]()},
		{reflect.TypeFor[other](), reflect.TypeFor[one]()},
	} {
		f := new(field)
		for _, typ := range types {
			f.add(typ)
		}
		assert.False(t, f.member("ANSWER").mayStay())
	}
}
