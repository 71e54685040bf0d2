package page

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// held returns what a reader gets from number n on.
func held(r *ring, n uint64) (from uint64, lines []string) {
	read, from := r.read(make([][]byte, 0, 100), n, 1<<20)
	for _, line := range read {
		lines = append(lines, string(line))
	}
	return from, lines
}

func TestRing(t *testing.T) {
	r := newRing(3, 10)
	from, lines := held(&r, 1)
	assert.EqualValues(t, 1, from)
	assert.Empty(t, lines)

	for _, line := range []string{"a", "b", "c", "d"} {
		r.push([]byte(line))
	}
	from, lines = held(&r, 1)
	assert.EqualValues(t, 2, from, "the first line is forgotten")
	assert.Equal(t, []string{"b", "c", "d"}, lines)
	from, lines = held(&r, 4)
	assert.EqualValues(t, 4, from)
	assert.Equal(t, []string{"d"}, lines)
	from, lines = held(&r, 5)
	assert.EqualValues(t, 5, from, "nothing new")
	assert.Empty(t, lines)
}

func TestRingIsLimitedInBytes(t *testing.T) {
	r := newRing(100, 10)
	r.push([]byte("1234"))
	r.push([]byte("5678"))
	r.push([]byte("90a"))
	_, lines := held(&r, 1)
	assert.Equal(t, []string{"5678", "90a"}, lines)
	assert.Equal(t, 7, r.bytes)

	r.push([]byte("larger than all of it"))
	from, lines := held(&r, 1)
	assert.Empty(t, lines)
	assert.EqualValues(t, 5, from)
	assert.Zero(t, r.bytes)
	for i, line := range r.lines {
		assert.Nil(t, line, "line %d is not held any more", i)
	}
	r.push([]byte("x"))
	_, lines = held(&r, 1)
	assert.Equal(t, []string{"x"}, lines)
}

func TestRingReadsInBatches(t *testing.T) {
	r := newRing(10, 100)
	for _, line := range []string{"aa", "bb", "cc", "dd"} {
		r.push([]byte(line))
	}
	lines, _ := r.read(make([][]byte, 0, 3), 1, 100)
	assert.Len(t, lines, 3, "as many as there is room for")
	lines, _ = r.read(make([][]byte, 0, 10), 1, 3)
	assert.Len(t, lines, 2, "none after the limit is exceeded")
}
