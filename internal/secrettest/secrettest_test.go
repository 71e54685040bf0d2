package secrettest_test

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/accesshook/accesshook/internal/secrettest"
)

// A recorder is a test that may fail.
type recorder struct {
	testing.TB
	failed bool
}

func (*recorder) Helper()                 {}
func (r *recorder) Errorf(string, ...any) { r.failed = true }

type plain struct{ text string }
type bytes struct{ B []byte }
type behind struct{ p *plain }
type hashed struct{ sum [32]byte }

// Masked is hidden from all that asks its methods.
type masked struct{ text string }

func (masked) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("masked")) }

func TestAssertHiddenFinds(t *testing.T) {
	const secret = "canary-7355608"
	for name, v := range map[string]any{
		"text":               plain{secret},
		"bytes":              bytes{[]byte(secret)},
		"behind a pointer":   behind{&plain{secret}},
		"hash":               &hashed{sha256.Sum256([]byte(secret))},
		"unexported field":   masked{secret},
		"part of a sentence": "it is " + secret + ".",
	} {
		r := &recorder{TB: t}
		secrettest.AssertHidden(r, v, secret)
		assert.True(t, r.failed, name)
	}
	r := &recorder{TB: t}
	secrettest.AssertHidden(r, plain{"something else"}, secret)
	assert.False(t, r.failed)
}
