package durable

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"sync"

	"github.com/accesshook/accesshook/event"
)

const rawKeySize = 32 // AES-256

// A sealer keeps the bodies of events from those who can read the store, and
// from being put into another event.
type sealer struct {
	// keyed returns one for each key. A printer that follows pointers finds a key in
	// its cipher, but not what a function holds.
	keyed  func() []cipher.AEAD
	warned sync.Once // that there are bodies and no key
}

// newSealer returns a sealer that seals with the first of keys.
func newSealer(keys []event.Secret) (*sealer, error) {
	var aeads []cipher.AEAD
	for i, secret := range keys {
		key, _ := secret.Reveal()
		block, err := aes.NewCipher([]byte(key))
		if err != nil {
			return nil, fmt.Errorf("durable: Config.RawKeys: key %d: %w", i+1, err)
		}
		aead, err := cipher.NewGCMWithRandomNonce(block) // the nonce is part of the sealed text
		if err != nil {
			return nil, fmt.Errorf("durable: Config.RawKeys: key %d: %w", i+1, err)
		}
		aeads = append(aeads, aead)
	}
	return &sealer{keyed: func() []cipher.AEAD { return aeads }}, nil
}

func (s *sealer) empty() bool { return len(s.keyed()) == 0 }

func (s *sealer) seal(e *event.Event, raw []byte) []byte {
	return s.keyed()[0].Seal(nil, nil, raw, boundTo(e))
}

func (s *sealer) open(e *event.Event, sealed []byte) ([]byte, error) {
	for _, aead := range s.keyed() {
		if raw, err := aead.Open(nil, nil, sealed, boundTo(e)); err == nil {
			return raw, nil
		}
	}
	return nil, ErrSealed
}

// boundTo is the additional data of a sealed body. It is of e as it is read back, with
// U+FFFD for each byte that is not UTF-8.
func boundTo(e *event.Event) []byte {
	return join(nil, "accesshook raw body 1", e.Vendor, string([]rune(e.Source)), string([]rune(e.ID)))
}
