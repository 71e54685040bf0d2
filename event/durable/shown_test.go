package durable_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
	"github.com/accesshook/accesshook/internal/secrettest"
)

// Nobody logs a Store on purpose, but one is a field of what is logged.
func TestConfigShowsNoKeys(t *testing.T) {
	t.Parallel()
	key := "0123456789\x00bcdefghijklmnopqrstu\xff"
	c := durable.Config{Payloads: payloads, KeepRaw: true, RawKeys: rawKeys([]byte(key)), Name: "shop"}
	secrettest.AssertHidden(t, c, key)
	secrettest.AssertHidden(t, embedded.Config{Dir: "d", Config: c}, key)
}

func TestStoreShowsNoKeys(t *testing.T) {
	key := bytes.Repeat([]byte{123}, 32)
	s := open(t, embedded.Config{Config: durable.Config{KeepRaw: true, RawKeys: rawKeys(key)}})
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
