package event

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
)

// maxKey is the length in bytes up to which a key is kept readable.
const maxKey = 256

// joinKey makes one key of several parts such that different parts never give
// the same key, whatever bytes they hold: each part has its length in front. A
// key that would be longer than maxKey is replaced by its SHA-256, so that what
// a sender chose cannot make a store large.
func joinKey(parts ...string) string {
	var buf [maxKey]byte
	return string(appendKey(buf[:0], parts...))
}

// sumKey returns the SHA-256 of what joinKey returns.
func sumKey(parts ...string) [sha256.Size]byte {
	var buf [maxKey]byte
	return sha256.Sum256(appendKey(buf[:0], parts...))
}

const hashedKey = "sha256:"

func appendKey(dst []byte, parts ...string) []byte {
	key := dst
	for _, p := range parts {
		key = strconv.AppendInt(key, int64(len(p)), 10)
		key = append(key, ':')
		key = append(key, p...)
	}
	if len(key)-len(dst) <= maxKey {
		return key
	}
	sum := sha256.Sum256(key[len(dst):])
	return hex.AppendEncode(append(dst, hashedKey...), sum[:])
}
