package durable

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"

	"github.com/accesshook/accesshook/event"
)

func TestSubjects(t *testing.T) {
	tests := map[string]struct{ typ, want string }{
		"shared vocabulary":  {"session.started", "acme.session.started"},
		"one word":           {"unknown", "acme.unknown"},
		"own type":           {"Door.Opened-2_x", "acme.Door.Opened-2_x"},
		"system-like":        {"$JS.API", "acme.$JS.API"},
		"longest":            {strings.Repeat("x", 128), "acme." + strings.Repeat("x", 128)},
		"empty":              {"", "acme.unknown"},
		"space":              {"door opened", "acme.unknown"},
		"line break":         {"door\r\nPUB x", "acme.unknown"},
		"tab":                {"door\topened", "acme.unknown"},
		"zero byte":          {"a\x00b", "acme.unknown"},
		"star":               {"session.*", "acme.unknown"},
		"star in a word":     {"ses*sion", "acme.unknown"},
		"greater":            {"session.>", "acme.unknown"},
		"300 characters":     {strings.Repeat("x", 300), "acme.unknown"},
		"one too many":       {strings.Repeat("x", 129), "acme.unknown"},
		"not ASCII":          {"tür.geöffnet", "acme.unknown"},
		"not UTF-8":          {"door.\xff", "acme.unknown"},
		"delete":             {"door\x7f", "acme.unknown"},
		"empty word":         {"door..opened", "acme.unknown"},
		"empty first word":   {".opened", "acme.unknown"},
		"empty last word":    {"opened.", "acme.unknown"},
		"nothing but a dot":  {".", "acme.unknown"},
		"words of one sign":  {"a.b.c.d", "acme.a.b.c.d"},
		"printable at ends":  {"!.~", "acme.!.~"},
		"starts as a family": {"*", "acme.unknown"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tt.want, subject(&event.Event{Vendor: "acme", Type: event.Type(tt.typ)}))
		})
	}
}

func TestNames(t *testing.T) {
	n := names{"shop-1"}
	got := []string{n.stream(7), n.dead(), n.attempts(), n.ingest(7, "acme.x"), n.stored("acme.x"), n.deadLetter("siem", "shop-1.acme.x")}
	want := []string{"shop-1-7", "shop-1-dead", "shop-1-attempts", "shop-1-in.7.acme.x", "shop-1.acme.x", "shop-1-dead.siem.acme.x"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error("names of what is on disk changed:", diff)
	}
}

// Message IDs and shards are on disk: a change lets duplicates in. The vectors
// were computed by another program: SHA-256 of the parts, each with its length in
// eight bytes in front; the shard is the first eight bytes modulo the number.
func TestMessageIDsAndShardsAreFrozen(t *testing.T) {
	shardCounts := []int{1, 3, 8, 64}
	tests := map[string]struct {
		vendor, source, credential, id string

		want   string
		shards []int
	}{
		"plain":              {"relock", "relock", "secret 1", "event-1", "cHLAWJnSgQdqtbw3J6VjrSfhG8yK6KtXg9daGVTBmi0", []int{0, 0, 7, 7}},
		"another credential": {"relock", "relock", "secret 2", "event-1", "cHLAWJnSgQdqtbw3J6VjrSfhG8yK6KtXg9daGVTBmi0", []int{0, 0, 7, 7}},
		"named endpoint":     {"unloc", "north", "user gate", "0a1b", "A7ocqp_w-er5P1_zKaYEtJ6sUpoxX4ggX7TxPjTCVCk", []int{0, 0, 2, 42}},
		"odd ID":             {"userlock", "userlock", "", "é\x00x", "wzCXMiaZw-aLQz_J07mDxU_gtvsKPipBNE5xbV8OKPg", []int{0, 1, 6, 38}},
		"no source":          {"loginradius", "", "secret 1", strings.Repeat("f", 64), "gcxvVTe5V4hjT2ToeEUgo4H-h0UeJFWyCeFBw6QSixE", []int{0, 2, 0, 8}},
		"parts":              {"a", "bc", "d", "e", "EphqiaNDF10gJA_zxQAbYBtnSmC4ADswHVLwIXm_QE8", []int{0, 0, 5, 29}},
		"other parts":        {"ab", "c", "d", "e", "fg_7wdPWpQjDiHV6ZAcXE1A83HyxHMrstJIuh0xGTY0", []int{0, 1, 0, 8}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e := &event.Event{Vendor: tt.vendor, Source: tt.source, Credential: tt.credential, ID: tt.id}
			id, sum := messageID(e)
			assert.Equal(t, tt.want, id)
			var shards []int
			for _, n := range shardCounts {
				shards = append(shards, OrderNone.shardOf(e, sum, n))
				assert.Equal(t, shards[len(shards)-1], OrderByUser.shardOf(e, sum, n), "without a key the ID decides")
			}
			assert.Equal(t, tt.shards, shards)
		})
	}
}

func TestShardsOfKeysAreFrozen(t *testing.T) {
	tests := map[string]struct {
		order  Order
		e      event.Event
		shards []int // of 1, 3, 8, 64
	}{
		"user by ID":   {OrderByUser, event.Event{Vendor: "relock", Source: "relock", User: event.User{ID: "user-1"}}, []int{0, 1, 6, 30}},
		"user by name": {OrderByUser, event.Event{Vendor: "userlock", Source: "userlock", User: event.User{Domain: "EXAMPLE", Name: "ada"}}, []int{0, 1, 3, 43}},
		"lock":         {OrderByLock, event.Event{Vendor: "unloc", Source: "north", Lock: event.Lock{ID: "lock-7"}}, []int{0, 1, 2, 42}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for i, n := range []int{1, 3, 8, 64} {
				for _, id := range []string{"a", "b"} {
					tt.e.ID = id
					_, sum := messageID(&tt.e)
					assert.Equal(t, tt.shards[i], tt.order.shardOf(&tt.e, sum, n), "of %d", n)
				}
			}
		})
	}
}

func TestEventsAreSpreadEvenly(t *testing.T) {
	count := make([]int, 8)
	for i := range 8000 {
		e := &event.Event{Vendor: "acme", ID: strings.Repeat("i", i%7) + time.Duration(i).String()}
		_, sum := messageID(e)
		count[OrderNone.shardOf(e, sum, 8)]++
	}
	for shard, n := range count {
		assert.InDelta(t, 1000, n, 150, "shard %d", shard)
	}
}

func TestOneLine(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"plain":            {"failed: no route", "failed: no route"},
		"empty":            {"", ""},
		"blank":            {" \r\n\t ", ""},
		"line breaks":      {"a\r\nb\nc", "a  b c"},
		"controls":         {"a\x00b\x1b[31mc\x7fd\u0085e", "a b [31mc d e"},
		"line separators":  {"a\u2028b\u2029c", "a b c"},
		"turned round":     {"a\u202eb", "a b"},
		"not UTF-8":        {"a\xffb\xc3", "ab"},
		"other languages":  {"Tür – 扉 — ok", "Tür – 扉 — ok"},
		"longest":          {strings.Repeat("x", 1024), strings.Repeat("x", 1024)},
		"too long":         {strings.Repeat("x", 1025), strings.Repeat("x", 1024)},
		"cut in a letter":  {strings.Repeat("x", 1023) + "é", strings.Repeat("x", 1023)},
		"far too long":     {strings.Repeat("é", 1<<20), strings.Repeat("é", 512)},
		"ends in a header": {"a\r\nNats-Msg-Id: x", "a  Nats-Msg-Id: x"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := oneLine(tt.text, maxDeadError)
			assert.Equal(t, tt.want, got)
			assert.True(t, utf8.ValidString(got))
		})
	}
}
