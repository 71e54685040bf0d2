package loginradius_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
)

// sampleMisses returns the members of a sample's Data that an encoding does not
// have although they say something, and adds a note for each warning.
func sampleMisses(t *testing.T, text []byte) (misses []string) {
	t.Helper()
	e, _ := roundTrip(t, text)
	for _, w := range e.Warnings {
		misses = append(misses, fmt.Sprintf("warning %s: %s is %s", w.Path, w.Want, w.Got))
	}
	encoded, err := json.Marshal(e.Payload)
	require.NoError(t, err)
	var sent, got any
	require.NoError(t, json.Unmarshal(text, &sent))
	require.NoError(t, json.Unmarshal(encoded, &got))
	return append(misses, missing("", sent, got)...)
}

// missing compares member by member; what a zero field stands for may be absent.
func missing(path string, sent, got any) (misses []string) {
	switch s := sent.(type) {
	case map[string]any:
		g, _ := got.(map[string]any)
		for name, v := range s {
			misses = append(misses, missing(path+"/"+name, v, g[name])...)
		}
	case []any:
		g, _ := got.([]any)
		if len(g) != len(s) {
			return []string{path}
		}
		for i, v := range s {
			misses = append(misses, missing(fmt.Sprintf("%s/%d", path, i), v, g[i])...)
		}
	case nil:
	case string:
		if s != "" && got == nil && s[:min(4, len(s))] != "0001" {
			misses = append(misses, path)
		}
	default:
		if got == nil && !reflect.ValueOf(s).IsZero() {
			misses = append(misses, path)
		}
	}
	return misses
}

// The published samples are not part of this repository, as they hold what look
// like real persons. With ACCESSHOOK_SAMPLES set to a folder that has them in
// "loginradius", this test reads them; otherwise what the fixtures have of
// documented shapes.
func TestSamples(t *testing.T) {
	samples := map[string]string{
		"login":       loginBody(3),
		"removeemail": body("removeemail", someTime, `{"UserProfile":{"Uid":"u","Password":"p"},"RemovedEmail":"old@example.net"}`),
		"object":      body("updatecustomobject", someTime, customObject(`{"a":[{"op":"delete"}]}`)),
	}
	if dir := os.Getenv("ACCESSHOOK_SAMPLES"); dir != "" {
		files, err := filepath.Glob(filepath.Join(dir, "loginradius", "*.json"))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			samples[filepath.Base(file)] = string(text)
		}
	}
	for name, text := range samples {
		t.Run(name, func(t *testing.T) {
			assert.Empty(t, sampleMisses(t, []byte(text)))
			e, _ := decode(t, text)
			assert.NotEqual(t, event.Unknown, e.Type)
			assert.NotEmpty(t, e.User.ID)
			assert.False(t, e.Time.IsZero())
		})
	}
}
