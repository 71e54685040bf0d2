// Package eventid makes the Event.ID of a body whose vendor sends none.
package eventid

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"sync"
)

// Of returns the lower-case hex SHA-256 of the bytes of a body as they came, in one
// part or in several: a body without what is secret in it is what stands around
// the secret. How a body is cut into parts makes no difference.
//
// IDs are stored by others, so they never change. Safe for concurrent use.
func Of(parts ...[]byte) string {
	if len(parts) == 1 {
		return text(sha256.Sum256(parts[0]))
	}
	h := hashers.Get().(*hasher)
	defer hashers.Put(h)
	h.Reset()
	for _, p := range parts {
		h.Write(p)
	}
	h.sum = h.Sum(h.sum[:0])
	return text([sha256.Size]byte(h.sum))
}

type hasher struct {
	hash.Hash
	sum []byte
}

var hashers = sync.Pool{New: func() any { return &hasher{Hash: sha256.New()} }}

func text(sum [sha256.Size]byte) string {
	var digits [2 * sha256.Size]byte
	hex.Encode(digits[:], sum[:])
	return string(digits[:])
}
