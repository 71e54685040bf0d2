package credential

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
)

// A Digest replaces a credential in a verifier. All digests have the same length, so that
// comparing them does not reveal the length of the credential.
type Digest [sha256.Size]byte

// digestKey is not stored in any verifier. Anyone who sees a verifier's fields, in a dump,
// cannot test passwords against its digests. With 16 bytes, an ID of 32 digits takes one
// block of SHA-256.
var digestKey = func() (key [16]byte) {
	_, _ = rand.Read(key[:]) // never fails
	return key
}()

// Sum returns the digest of a credential.
func Sum[T string | []byte](value T) Digest {
	var buf [256]byte // a longer value goes to the heap
	return sha256.Sum256(append(append(buf[:0], digestKey[:]...), value...))
}

// SumBase64 is Sum of what text stands for.
func SumBase64(text string) (Digest, error) {
	var buf [256]byte
	value, err := base64.StdEncoding.AppendDecode(append(buf[:0], digestKey[:]...), []byte(text))
	return sha256.Sum256(value), err
}
