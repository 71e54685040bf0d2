package durable_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
)

// Nobody logs a Store on purpose, but one is a field of what is logged.
func TestStoreShowsNoKeys(t *testing.T) {
	key := bytes.Repeat([]byte{123}, 32)
	s := open(t, embedded.Config{Config: durable.Config{KeepRaw: true, RawKeys: [][]byte{key}}})
	var out bytes.Buffer
	text := slog.New(slog.NewTextHandler(&out, nil))
	for _, v := range []any{s, s.Store, s.Consumer(durable.Consumer{})} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		text.Info("shown", "store", v)
	}
	for _, form := range []string{"123 123", "7b7b", "0x7b, 0x7b"} {
		assert.NotContains(t, out.String(), form)
	}
}
