package durable

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
)

// What runs tell each other is read back, as far as it is bounded.
func TestClaimsAreReadBack(t *testing.T) {
	claims := map[uint64]claim{
		1: {working: true}, 2: {rest: time.Hour}, 300: {rest: 1500 * time.Millisecond}, math.MaxUint64: {},
	}
	got := decodeClaims(encodeClaims(nil, claims))
	assert.Empty(t, cmp.Diff(claims, got, cmp.AllowUnexported(claim{})))

	many := make(map[uint64]claim)
	for seq := range uint64(100 * maxPending) {
		many[seq<<40] = claim{rest: longestPause}
	}
	data := encodeClaims(nil, many)
	assert.Less(t, len(data), maxAnswer+100)
	for seq, c := range decodeClaims(data) {
		assert.Equal(t, many[seq], c)
	}
	assert.Len(t, decodeClaims(make([]byte, 1<<20)), 1, "of one sequence, again and again")
}

func FuzzDecodeClaims(f *testing.F) {
	f.Add([]byte(nil))
	f.Add([]byte{1})
	f.Add(encodeClaims(nil, map[uint64]claim{7: {working: true}, 9: {rest: time.Second}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		claims := decodeClaims(data)
		assert.LessOrEqual(t, len(claims), maxPending+1)
		for _, c := range claims {
			assert.LessOrEqual(t, c.rest, longestPause)
			assert.GreaterOrEqual(t, c.rest, time.Duration(0))
		}
	})
}
