package durable

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"regexp"
	"sync"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/jsonappend"
)

// noteDuplicate says that e, encoded as data, was dropped as a duplicate of the event
// that has this sequence in a shard, and logs if that one has another content.
func (s *Store) noteDuplicate(ctx context.Context, e *event.Event, data []byte, shard int, sequence uint64) {
	event.MarkDuplicate(ctx)
	// Where the ID is the hash of the body, the bodies are equal.
	if hashOfBody.MatchString(e.ID) {
		return
	}
	id, _ := messageID(e)
	if s.conflicts.known(id) || !s.differs(ctx, e, data, shard, sequence) || !s.conflicts.add(id) {
		return
	}
	s.log().LogAttrs(ctx, slog.LevelWarn, "durable: an event with a known ID has another content, and was dropped as a duplicate",
		slog.String("endpoint", jsonappend.Visible(e.Source)), slog.String("vendor", e.Vendor), slog.String("id", jsonappend.Visible(e.ID)),
		slog.String("type", jsonappend.Visible(string(e.Type))), slog.String("credential", jsonappend.Visible(e.Credential)))
}

// hashOfBody matches the IDs that endpoints make where a vendor sends none.
var hashOfBody = regexp.MustCompile(`^[0-9a-f]{64}$`)

// differs reports whether the event that has this sequence in a shard has another
// content than e, encoded as data. If it cannot be looked up, it does not, and neither if
// one of the two has no credential: it was fetched from the vendor's API, which may say
// more or less of an event than a webhook.
func (s *Store) differs(ctx context.Context, e *event.Event, data []byte, shard int, sequence uint64) bool {
	stream, err := s.js.Stream(ctx, s.names.stream(shard))
	if err != nil {
		return false
	}
	stored, err := stream.GetMsg(ctx, sequence)
	if err != nil || (stored.Header.Get(HeaderCredential) == "") != (e.Credential == "") {
		return false
	}
	had, err := content(stored.Data)
	if err != nil {
		return false
	}
	has, err := content(data)
	return err == nil && !maps.EqualFunc(had, has, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) })
}

// content returns the fields of a stored event that came from the vendor.
func content(data []byte) (map[string]json.RawMessage, error) {
	var stored struct{ Data map[string]json.RawMessage }
	if err := json.Unmarshal(data, &stored); err != nil {
		return nil, err
	}
	if bytes.Equal(stored.Data["time"], stored.Data["received"]) { // the vendor sent no time
		delete(stored.Data, "time")
	}
	delete(stored.Data, "received")
	return stored.Data, nil
}

const maxConflicts = 1024

// conflicts has the IDs of messages that came again with another content, so that the
// log says so once for each; after maxConflicts others it may say it again.
type conflicts struct {
	mu  sync.Mutex
	ids map[string]struct{}
}

func (c *conflicts) known(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ok := c.ids[id]
	return ok
}

// add reports whether id was not known.
func (c *conflicts) add(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.ids[id]; ok {
		return false
	}
	if c.ids == nil || len(c.ids) == maxConflicts {
		c.ids = make(map[string]struct{})
	}
	c.ids[id] = struct{}{}
	return true
}
