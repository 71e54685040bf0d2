package durable

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// syncSubject is that of a service of the system account, in which each server says how
// its JetStream is configured.
const syncSubject = "$SYS.REQ.SERVER.PING.JSZ"

const (
	syncTries = 3
	syncWait  = 2 * time.Second // for the answers of all servers
	syncEvery = time.Minute
)

const howToExport = "; the system account must export the service " + syncSubject +
	` (response_type: stream), and the account of this connection import it`

// requireSync returns an error unless the servers that take part in JetStream say that
// they sync each write. A minority may be away: it is asked later.
func (s *Store) requireSync(ctx context.Context) error {
	var servers syncState
	var err error
	for range syncTries { // a cluster may have only just begun
		servers, err = s.askSync(ctx)
		if err == nil && servers.complete() || ctx.Err() != nil || errors.Is(err, nats.ErrPermissionViolation) {
			break
		}
	}
	if err == nil {
		err = servers.err()
	}
	if err != nil {
		return fmt.Errorf("durable: Config.RequireSync: %w", err)
	}
	if away := servers.missing(); len(away) > 0 {
		s.log().LogAttrs(ctx, slog.LevelWarn, "durable: servers that are away cannot say whether they sync each write",
			slog.String("store", s.c.Name), slog.Any("servers", away))
	}
	return nil
}

// checkSync asks again: a server may come back, or be replaced by one that does not sync.
// While one says that it does not, events are refused.
func (s *Store) checkSync(ctx context.Context) {
	servers, err := s.askSync(ctx)
	if err != nil || servers.size == 0 {
		return // nothing is known
	}
	was := s.unsynced.Load()
	if len(servers.lazy()) == 0 {
		if was != nil && servers.complete() {
			s.unsynced.Store(nil)
			s.log().LogAttrs(ctx, slog.LevelInfo, "durable: all servers sync each write again", slog.String("store", s.c.Name))
		}
		return
	}
	err = fmt.Errorf("%w: Config.RequireSync: %w", ErrRefused, servers.err())
	s.unsynced.Store(&err)
	if was == nil {
		s.log().LogAttrs(ctx, slog.LevelError, "durable: a server does not sync each write: events are answered 503",
			slog.String("store", s.c.Name), slog.Any("servers", servers.lazy()))
	}
}

// A syncAnswer is what this package reads of the answer of a server.
type syncAnswer struct {
	Server struct{ Name, ID string }
	Data   struct {
		Disabled bool
		Config   struct {
			SyncAlways bool `json:"sync_always"`
		}
		Meta *struct {
			Leader   string
			Replicas []struct{ Name string }
			Size     int `json:"cluster_size"`
		} `json:"meta_cluster"`
	}
}

// askSync asks the servers. That some have not answered is no error.
func (s *Store) askSync(ctx context.Context) (servers syncState, err error) {
	answers := s.nc.NewInbox()
	sub, err := s.nc.SubscribeSync(answers)
	if err != nil {
		return servers, err
	}
	defer func() { _ = sub.Unsubscribe() }()
	ctx, cancel := context.WithTimeout(ctx, syncWait)
	defer cancel()
	_, err = await(ctx, s.nc, syncSubject, func(ctx context.Context) (struct{}, error) {
		if err := s.nc.PublishRequest(syncSubject, answers, nil); err != nil {
			return struct{}{}, err
		}
		for !servers.complete() {
			m, err := sub.NextMsgWithContext(ctx)
			if err != nil {
				return struct{}{}, err
			}
			var a syncAnswer
			if json.Unmarshal(m.Data, &a) == nil && a.Server.ID != "" {
				servers.add(a)
			}
		}
		return struct{}{}, nil
	})
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrNoResponders) {
		err = nil
	}
	return servers, err
}

// A syncState is what the servers have said. The zero value is ready to use.
type syncState struct {
	answered map[string]bool // whether a server syncs, by its name
	peers    map[string]bool // the servers that others know
	size     int             // how many there are
}

func (s *syncState) add(a syncAnswer) {
	if a.Data.Disabled {
		return // it stores nothing
	}
	if s.answered == nil {
		s.answered, s.peers = make(map[string]bool), make(map[string]bool)
	}
	s.answered[a.Server.Name] = a.Data.Config.SyncAlways
	s.size = max(s.size, 1)
	if m := a.Data.Meta; m != nil {
		s.size = max(s.size, m.Size)
		s.peers[m.Leader] = true
		for _, r := range m.Replicas {
			s.peers[r.Name] = true
		}
	}
}

// complete reports whether all servers have answered.
func (s *syncState) complete() bool {
	return s.size > 0 && s.away() == 0
}

// missing returns the servers that others know and that have not answered.
func (s *syncState) missing() (names []string) {
	for _, name := range slices.Sorted(maps.Keys(s.peers)) {
		if _, ok := s.answered[name]; !ok && name != "" {
			names = append(names, name)
		}
	}
	return names
}

// away returns how many servers have not answered.
func (s *syncState) away() int { return max(s.size-len(s.answered), len(s.missing())) }

// lazy returns the servers that do not sync each write.
func (s *syncState) lazy() (names []string) {
	for _, name := range slices.Sorted(maps.Keys(s.answered)) {
		if !s.answered[name] {
			names = append(names, name)
		}
	}
	return names
}

// err returns nil if most servers have answered, and all that have sync each write.
func (s *syncState) err() error {
	switch lazy := s.lazy(); {
	case len(lazy) > 0:
		return fmt.Errorf("these servers do not sync each write: %s; set sync_interval: always in the jetstream block of their configuration", strings.Join(lazy, ", "))
	case s.size == 0:
		return errors.New("no server says whether it syncs each write" + howToExport)
	case 2*s.away() >= s.size:
		return fmt.Errorf("%d of %d servers have answered; not: %s", s.size-s.away(), s.size, strings.Join(s.missing(), ", "))
	}
	return nil
}
