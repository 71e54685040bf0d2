package durable

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
)

const howToExport = "; the system account must export the service " + syncSubject +
	` (response_type: stream), and the account of this connection import it`

// requireSync returns an error unless every server that takes part in JetStream says that
// it syncs each write.
func (s *Store) requireSync(ctx context.Context) (err error) {
	for range syncTries { // a cluster may have only just begun
		if err = s.tryRequireSync(ctx); err == nil || ctx.Err() != nil || errors.Is(err, nats.ErrPermissionViolation) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("durable: Config.RequireSync: %w", err)
	}
	return nil
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

func (s *Store) tryRequireSync(ctx context.Context) error {
	answers := s.nc.NewInbox()
	sub, err := s.nc.SubscribeSync(answers)
	if err != nil {
		return err
	}
	defer func() { _ = sub.Unsubscribe() }()
	ctx, cancel := context.WithTimeout(ctx, syncWait)
	defer cancel()
	var servers syncState
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
	if err == nil || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrNoResponders) {
		return servers.err()
	}
	return err
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
	return s.size > 0 && len(s.answered) >= s.size && len(s.missing()) == 0
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

func (s *syncState) err() error {
	var lazy []string
	for _, name := range slices.Sorted(maps.Keys(s.answered)) {
		if !s.answered[name] {
			lazy = append(lazy, name)
		}
	}
	switch {
	case len(lazy) > 0:
		return fmt.Errorf("these servers do not sync each write: %s; set sync_interval: always in the jetstream block of their configuration", strings.Join(lazy, ", "))
	case s.size == 0:
		return errors.New("no server says whether it syncs each write" + howToExport)
	case !s.complete():
		return fmt.Errorf("%d of %d servers have answered; not: %s", len(s.answered), s.size, strings.Join(s.missing(), ", "))
	}
	return nil
}
