package durable

import (
	"fmt"
	"strings"

	"github.com/accesshook/accesshook/event"
)

// names are the names of a store on NATS. They are what is on disk, and API.
type names struct{ prefix string }

// stream is the name of the stream of a shard.
func (n names) stream(shard int) string { return fmt.Sprintf("%s-%d", n.prefix, shard) }

// dead is the name of the stream of dead letters, and begins their subjects.
func (n names) dead() string { return n.prefix + "-dead" }

// attempts is the name of the stream of attempts, and begins their subjects.
func (n names) attempts() string { return n.prefix + "-attempts" }

// ingest is the subject under which events for a shard are published. Streams
// cannot share subjects, so each has its own and stores what comes under the
// subject without the shard.
func (n names) ingest(shard int, rest string) string {
	return fmt.Sprintf("%s-in.%d.%s", n.prefix, shard, rest)
}

// stored is the subject under which events are stored.
func (n names) stored(rest string) string { return n.prefix + "." + rest }

// deadLetter is the subject of a dead letter of an event stored under subject.
func (n names) deadLetter(consumer, subject string) string {
	return n.dead() + "." + consumer + "." + strings.TrimPrefix(subject, n.prefix+".")
}

// subject is the end of the subject of e: <vendor>.<type>.
func subject(e *event.Event) string {
	t := string(e.Type)
	if !validTokens(t) {
		t = string(event.Unknown)
	}
	return e.Vendor + "." + t
}

// validTokens reports whether s is one or more words with dots between them that
// mean nothing else to NATS.
func validTokens(s string) bool {
	for token := range strings.SplitSeq(s, ".") {
		if token == "" || strings.ContainsFunc(token, func(r rune) bool {
			return r <= ' ' || r >= 0x7f || r == '*' || r == '>'
		}) {
			return false
		}
	}
	return len(s) <= 128
}
