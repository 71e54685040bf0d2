package main

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/accesshook/accesshook/event"
)

// rawKeysVariable holds the keys that seal the bodies of stored events.
const rawKeysVariable = "RAW_KEYS"

const rawKeySize = 32 // bytes

// rawKeys returns the keys in the environment, or none if the variable is not set. An
// error names the variable and never holds a value.
func (env environment) rawKeys() ([]event.Secret, error) {
	values, from, err := env.values(rawKeysVariable)
	if err != nil {
		return nil, err
	}
	var keys []event.Secret
	for i, value := range values {
		key, ok := decodeKey(value)
		if !ok {
			return nil, fmt.Errorf("%s: entry %d is not %d bytes in hex or base64", from, i+1, rawKeySize)
		}
		keys = append(keys, event.NewSecretBytes(key))
	}
	return keys, nil
}

// decodeKey decodes a key in hex, or in base64 of either alphabet, padded or not. The
// length says which.
func decodeKey(s string) ([]byte, bool) {
	if len(s) == hex.EncodedLen(rawKeySize) {
		key, err := hex.DecodeString(s)
		return key, err == nil
	}
	s = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimSuffix(s, "="))
	key, err := base64.RawStdEncoding.Strict().DecodeString(s)
	return key, err == nil && len(key) == rawKeySize
}
