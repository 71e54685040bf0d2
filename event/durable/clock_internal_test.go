package durable

import (
	"bytes"
	"log/slog"
	"regexp"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
)

// Each step of this machine's clock is logged once, and each change of a server's.
func TestClocksAreWatched(t *testing.T) {
	const step, differs, right = "the clock of this machine was set", "differs from", "is right again"
	var log bytes.Buffer
	s := &Store{c: Config{Name: "x", Logger: slog.New(slog.NewTextHandler(&log, nil))}, nc: new(nats.Conn), clocks: newClocks()}
	wall, up := s.clocks.wall, s.clocks.up
	for _, tt := range []struct {
		name  string
		set   time.Duration // of this machine
		ahead time.Duration // the server
		logs  string
	}{
		{"first", 0, 0, ""},
		{"nothing", 0, time.Second, ""},
		{"back", -time.Hour, 0, step + `" store=x by=-1h0m0s`},
		{"nothing after it", 0, 0, ""},
		{"ahead", time.Minute, 0, step + `" store=x by=1m0s`},
		{"slewed", time.Millisecond, 0, ""},
		{"server ahead", 0, 10 * time.Minute, differs + `.* server=n1 ahead=10m0s`},
		{"still ahead", 0, 10*time.Minute + time.Second, ""},
		{"more", 0, time.Hour, differs + `.* server=n1 ahead=1h0m0s`},
		{"behind", 0, -6 * time.Second, differs + `.* server=n1 ahead=-6s`},
		{"right", 0, 0, right + `.* server=n1`},
		{"right still", 0, 0, ""},
	} {
		log.Reset()
		up += 2 * time.Second
		wall = wall.Add(2*time.Second + tt.set)
		info := &jetstream.StreamInfo{TimeStamp: wall.Add(tt.ahead), Cluster: &jetstream.ClusterInfo{Leader: "n1"}}
		s.noteClocks(wall, up, glance{shards: []streamState{{info: info}, {info: info}, {err: assert.AnError}}})
		if tt.logs == "" {
			assert.Empty(t, log.String(), tt.name)
			continue
		}
		assert.Regexp(t, tt.logs, log.String(), tt.name)
		assert.Len(t, regexp.MustCompile("\n").FindAllString(log.String(), -1), 1, tt.name)
	}
}

// Leases are waited for by the clock of the server, unless that is behind what it or
// another one has stored.
func TestClocksThatMayStand(t *testing.T) {
	s := &Store{c: Config{Logger: slog.New(slog.DiscardHandler)}, nc: new(nats.Conn), clocks: newClocks()}
	now := time.Now()
	look := func(servers ...jetstream.StreamInfo) bool {
		var g glance
		for _, info := range servers {
			g.shards = append(g.shards, streamState{info: &info})
		}
		s.noteClocks(time.Now().Round(0), uptime(), g)
		return s.clocks.mayStand()
	}
	at := func(server, stored time.Duration) jetstream.StreamInfo {
		info := jetstream.StreamInfo{TimeStamp: now.Add(server)}
		info.State.LastTime = now.Add(stored)
		return info
	}
	assert.False(t, look(at(0, -time.Minute), at(time.Second, -time.Hour)))
	assert.False(t, look(at(time.Hour, time.Hour)), "it was set forward: all leases end at once")
	assert.True(t, look(at(2*time.Second, time.Hour)), "and back")
	assert.True(t, look(at(time.Minute, 0)))
	assert.False(t, look(at(time.Hour-time.Second, 0)), "it has caught up")

	s.clocks = newClocks()
	assert.True(t, look(at(0, time.Hour)), "it was set back before this process began")

	s.clocks = newClocks()
	assert.True(t, look(at(0, 0), at(10*time.Minute, 0)), "one is ahead of another")
	assert.False(t, look())
}
