package verify_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/verify"
)

func sign(secret, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return hex.EncodeToString(mac.Sum(nil))
}

// A journal keeps the observations and log records of an endpoint.
type journal struct {
	mu   sync.Mutex
	log  bytes.Buffer
	seen chan verify.Observation
}

func newJournal() *journal { return &journal{seen: make(chan verify.Observation, 100)} }

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.log.Write(p)
}

func (j *journal) config() verify.Config {
	return verify.Config{
		Logger:  slog.New(slog.NewJSONHandler(j, nil)),
		Observe: func(_ context.Context, o verify.Observation) { j.seen <- o },
	}
}

// next returns what was observed of one request, and its log record.
func (j *journal) next(t *testing.T) (verify.Observation, map[string]any) {
	t.Helper()
	o := <-j.seen
	j.mu.Lock()
	defer j.mu.Unlock()
	line, err := j.log.ReadBytes('\n')
	require.NoError(t, err)
	record := make(map[string]any)
	require.NoError(t, json.Unmarshal(line, &record))
	return o, record
}
