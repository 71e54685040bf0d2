// Package eventid makes the Event.ID of a body whose vendor sends none.
package eventid

import (
	"crypto/sha256"
	"encoding/hex"
)

// Size is the length of an ID.
const Size = 2 * sha256.Size

// Of returns the lower-case hex SHA-256 of the bytes of a body as they came, in one
// part or in several: a body without what is secret in it is what stands around
// the secret. How a body is cut into parts makes no difference.
//
// IDs are stored by others, so they never change. Safe for concurrent use.
func Of(parts ...[]byte) string {
	var id [Size]byte
	return string(Append(id[:0], parts...))
}

// Append appends what Of returns.
func Append(dst []byte, parts ...[]byte) []byte {
	sum := sumOf(parts)
	return hex.AppendEncode(dst, sum[:])
}

// Without is Of for a body without the parts between the start and end of each
// span, which stand in order.
func Without(body []byte, spans [][2]int) string {
	var id [Size]byte
	return string(AppendWithout(id[:0], body, spans))
}

// AppendWithout appends what Without returns.
func AppendWithout(dst, body []byte, spans [][2]int) []byte {
	var few [4][]byte
	parts, rest := few[:0], 0
	for _, s := range spans {
		parts = append(parts, body[rest:s[0]])
		rest = s[1]
	}
	return Append(dst, append(parts, body[rest:])...)
}

// fewBytes are joined, which takes less time than hashing one part after the other.
const fewBytes = 1024

func sumOf(parts [][]byte) [sha256.Size]byte {
	if len(parts) == 1 {
		return sha256.Sum256(parts[0])
	}
	size := 0
	for _, p := range parts {
		size += len(p)
	}
	if size <= fewBytes {
		var few [fewBytes]byte
		joined := few[:0]
		for _, p := range parts {
			joined = append(joined, p...)
		}
		return sha256.Sum256(joined)
	}
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	var sum [sha256.Size]byte
	h.Sum(sum[:0])
	return sum
}
