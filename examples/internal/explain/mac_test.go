package explain_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
)

func hmacOf(key, body string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(body))
	return hex.EncodeToString(mac.Sum(nil))
}
