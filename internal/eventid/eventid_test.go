package eventid_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/accesshook/accesshook/internal/eventid"
)

// IDs are frozen: stores hold them. These are the test vectors of SHA-256 in FIPS
// 180 and one of a body.
const (
	ofNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	ofABC     = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	ofTwo     = "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
	ofMillion = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
	ofBody    = "4e52a1909d9488ef67fd4909eb5b6f43e9561e8c04f185a470b729fbc2897c02"
)

func TestOf(t *testing.T) {
	abc := []byte("abc")
	tests := map[string]struct {
		parts [][]byte
		want  string
	}{
		"no parts":     {nil, ofNothing},
		"nil":          {[][]byte{nil}, ofNothing},
		"empty parts":  {[][]byte{nil, {}}, ofNothing},
		"one part":     {[][]byte{abc}, ofABC},
		"two parts":    {[][]byte{abc[:1], abc[1:]}, ofABC},
		"empty inside": {[][]byte{nil, abc[:2], nil, abc[2:], {}}, ofABC},
		"order counts": {[][]byte{abc[1:], abc[:1]}, eventid.Of([]byte("bca"))},
		"two blocks":   {[][]byte{[]byte("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")}, ofTwo},
		"a million":    {[][]byte{[]byte(strings.Repeat("a", 999_999)), []byte("a")}, ofMillion},
		"body":         {[][]byte{[]byte(`{"event":"session.created"}`)}, ofBody},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tt.want, eventid.Of(tt.parts...)) })
	}
	assert.NotEqual(t, eventid.Of([]byte(`{"a":1}`)), eventid.Of([]byte(`{"a": 1}`)), "of the bytes, not of what they mean")
}

func TestOfConcurrently(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 8 {
		body := bytes.Repeat([]byte{byte(i)}, 1000)
		sum := sha256.Sum256(body)
		want := hex.EncodeToString(sum[:])
		wg.Go(func() {
			for n := range 200 {
				assert.Equal(t, want, eventid.Of(body[:n], body[n:]))
			}
			assert.Equal(t, want, eventid.Of(body))
		})
	}
	wg.Wait()
}

func TestOnlyTheIDIsAllocated(t *testing.T) {
	body := bytes.Repeat([]byte("x"), 1000)
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { eventid.Of(body) }), 1.0)
	// One more at most for a pool that forgets, as the race detector makes it.
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { eventid.Of(body[:10], body[20:]) }), 2.0)
}

// FuzzOf holds for any body and any cut.
func FuzzOf(f *testing.F) {
	f.Add([]byte("abc"), 1, 2)
	f.Fuzz(func(t *testing.T, body []byte, i, j int) {
		i = min(max(i, 0), len(body))
		j = min(max(j, i), len(body))
		sum := sha256.Sum256(body)
		want := hex.EncodeToString(sum[:])
		if got := eventid.Of(body[:i], body[i:j], body[j:]); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
		if got := eventid.Of(body); got != want {
			t.Fatalf("whole: %s, want %s", got, want)
		}
	})
}

func BenchmarkOf(b *testing.B) {
	body := bytes.Repeat([]byte("x"), 500)
	b.Run("whole", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			eventid.Of(body)
		}
	})
	b.Run("parts", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			eventid.Of(body[:100], body[136:])
		}
	})
}
