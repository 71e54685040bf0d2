package verify_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

// No event is lost for what a vendor's serializer does.
func TestUnmarshal(t *testing.T) {
	type door struct {
		ID     string                     `json:"id"`
		Opened time.Time                  `json:"openedAt"`
		Level  int                        `json:"level"`
		Tags   []string                   `json:"tags"`
		Extra  map[string]json.RawMessage `json:",embed"`
	}
	opened := time.Date(2024, 5, 14, 12, 0, 0, 0, time.UTC)
	for body, tt := range map[string]struct {
		want     door
		warnings []event.Warning
	}{
		`{"id":"a","openedAt":"2024-05-14T12:00:00Z","level":3,"tags":["x"]}`: {door{"a", opened, 3, []string{"x"}, nil}, nil},
		`{"id":17,"openedAt":"","level":"3","tags":"x"}`: {door{"17", time.Time{}, 3, []string{"x"}, nil},
			[]event.Warning{{Path: "/id", Want: "string", Got: "number"}, {Path: "/level", Want: "integer", Got: "string"}, {Path: "/tags", Want: "array", Got: "string"}}},
		`{"ID":"a","openedAt":12,"more":1}`: {door{ID: "a", Extra: map[string]json.RawMessage{"more": json.RawMessage(`1`), "openedAt": json.RawMessage(`12`)}},
			[]event.Warning{{Path: "/openedAt", Want: "time", Got: "number"}}},
		`{}`: {door{}, nil},
	} {
		var got door
		warnings, err := verify.Unmarshal([]byte(body), &got)
		require.NoError(t, err)
		assert.Equal(t, tt.want, got, body)
		assert.Equal(t, tt.warnings, warnings, body)
	}
	for _, body := range []string{``, `null`, `[{}]`, `{`, `{}{}`, `id=a`, strings.Repeat(`{"a":`, 65)} {
		_, err := verify.Unmarshal([]byte(body), new(door))
		assert.ErrorIs(t, err, verify.ErrMalformed, body)
	}
}
