package durable

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"

	"github.com/accesshook/accesshook/event"
)

// messageID is how the server recognizes a duplicate of e: by Vendor, Source and
// Event.ID. The credential is not part of it: all credentials of an endpoint belong
// to one owner, and an event stays the same event when they are rotated. It is a
// hash, so that its length, and with it the memory of the server, does not depend on
// what a vendor sends.
func messageID(e *event.Event) (id string, sum [sha256.Size]byte) {
	sum = digest(e.Vendor, e.Source, e.ID)
	return base64.RawURLEncoding.EncodeToString(sum[:]), sum
}

// shardOf returns the shard of e, of n. A duplicate has the same ID, and as a rule the
// same order key, so it is in the shard of the first delivery.
func (o Order) shardOf(e *event.Event, id [sha256.Size]byte, n int) int {
	sum := id
	if key := o.key(e); key != "" {
		sum = digest(key)
	}
	return shardOfSum(sum, n)
}

func shardOfSum(sum [sha256.Size]byte, n int) int {
	return int(binary.BigEndian.Uint64(sum[:]) % uint64(n))
}

// digest hashes parts. Different parts never give the same input to the hash.
func digest(parts ...string) [sha256.Size]byte {
	var array [256]byte
	return sha256.Sum256(join(array[:0], parts...))
}

// join appends each of parts with its length in front.
func join(b []byte, parts ...string) []byte {
	for _, p := range parts {
		b = binary.BigEndian.AppendUint64(b, uint64(len(p)))
		b = append(b, p...)
	}
	return b
}
