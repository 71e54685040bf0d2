package main

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/accesshook/accesshook/event"
)

// rawKeysVariable has the keys that the bodies of stored events are sealed with.
const rawKeysVariable = "RAW_KEYS"

const rawKeySize = 32 // bytes

// rawKeys returns the keys of the environment; none if the variable is not set.
// An error names the variable, and never holds a value.
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

// decodeKey reads a key in hex or in base64 of either alphabet, padded or not.
// Its length tells which.
func decodeKey(text string) ([]byte, bool) {
	if len(text) == hex.EncodedLen(rawKeySize) {
		key, err := hex.DecodeString(text)
		return key, err == nil
	}
	text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimSuffix(text, "="))
	key, err := base64.RawStdEncoding.Strict().DecodeString(text)
	return key, err == nil && len(key) == rawKeySize
}
