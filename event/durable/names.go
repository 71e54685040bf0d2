package durable

import (
	"fmt"
	"strings"

	"github.com/accesshook/accesshook/event"
)

// names are the names of a store on NATS. They are on disk, and API.
type names struct{ prefix string }

// stream is the name of the stream of a shard.
func (n names) stream(shard int) string { return fmt.Sprintf("%s-%d", n.prefix, shard) }

// dead is the name of the stream of dead letters, and the prefix of their subjects.
func (n names) dead() string { return n.prefix + "-dead" }

// attempts is the name of the stream of attempts, and the prefix of their subjects.
func (n names) attempts() string { return n.prefix + "-attempts" }

// marks is the name of the stream of high-water marks, and the prefix of their subjects.
func (n names) marks() string { return n.prefix + "-marks" }

// marksOfShards is the subject of the high-water marks.
func (n names) marksOfShards() string { return n.marks() + ".shards" }

// work is the prefix of the subjects under which processes ask each other what they hold.
func (n names) work() string { return n.prefix + "-work" }

// ingest is the subject under which events for a shard are published. Streams
// cannot share subjects, so each has its own and stores what comes under the
// subject without the shard.
func (n names) ingest(shard int, rest string) string {
	return fmt.Sprintf("%s-in.%d.%s", n.prefix, shard, rest)
}

// stored is the subject under which events are stored.
func (n names) stored(rest string) string { return n.prefix + "." + rest }

// deadLetter is the subject of the dead letter of an event. A message that somebody else
// has published may have the longest subject that a server takes. At a longer one the
// server would close the connection.
func (n names) deadLetter(consumer, subject string) string {
	rest := strings.TrimPrefix(subject, n.prefix+".")
	if len(rest) > maxVendor+1+maxType {
		rest = string(event.Unknown)
	}
	return n.dead() + "." + consumer + "." + rest
}

// have reports whether a subject is of the store.
func (n names) have(subject string) bool {
	for token := range strings.SplitSeq(subject, ".") {
		if token == n.prefix || strings.HasPrefix(token, n.prefix+"-") {
			return true
		}
	}
	return false
}

const (
	maxVendor = 64 // as validVendor has it
	maxType   = 128
)

// subject is the end of the subject of e: <vendor>.<type>.
func subject(e *event.Event) string {
	t := string(e.Type)
	if !validTokens(t) {
		t = string(event.Unknown)
	}
	return e.Vendor + "." + t
}

// validTokens reports whether s is one or more words with dots between them, without
// characters that NATS reserves.
func validTokens(s string) bool {
	for token := range strings.SplitSeq(s, ".") {
		if token == "" || strings.ContainsFunc(token, func(r rune) bool {
			return r <= ' ' || r >= 0x7f || r == '*' || r == '>'
		}) {
			return false
		}
	}
	return len(s) <= maxType
}
