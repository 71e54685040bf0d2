package durable

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// namesWait is how long the servers may take to list the streams of the account.
const namesWait = 2 * time.Second

// Names returns the names of the stores on the servers that nc is connected to, sorted,
// by the streams that they have. ctx needs no deadline.
func Names(ctx context.Context, nc *nats.Conn) ([]string, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, fmt.Errorf("durable: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, namesWait)
	defer cancel()
	return await(ctx, nc, apiPrefix+"STREAM.NAMES", func(ctx context.Context) ([]string, error) {
		streams := make(map[string]bool)
		list := js.StreamNames(ctx)
		for stream := range list.Name() {
			streams[stream] = true
		}
		if err := list.Err(); err != nil {
			return nil, fmt.Errorf("durable: streams: %w", err)
		}
		var stores []string
		for stream := range streams {
			name, found := strings.CutSuffix(stream, "-dead")
			n := names{name}
			if found && validName.MatchString(name) && streams[n.attempts()] && streams[n.stream(0)] {
				stores = append(stores, name)
			}
		}
		slices.Sort(stores)
		return stores, nil
	})
}

// logOthers logs that there are stores of other names, where this one is new: Config.Name
// may be a mistake. It says nothing if the servers do not list their streams.
func (s *Store) logOthers(ctx context.Context) {
	others, err := Names(ctx, s.nc)
	if err != nil || len(others) == 0 {
		return
	}
	s.log().LogAttrs(ctx, slog.LevelWarn, "durable: a new store is created, and there are stores of other names",
		slog.String("store", s.c.Name), slog.String("others", strings.Join(others, ",")))
}

// logUnreplicated logs which servers of a cluster keep the events, if each event is on one
// alone.
func (s *Store) logUnreplicated(have map[string]*jetstream.StreamInfo) {
	cluster := s.nc.ConnectedClusterName()
	if cluster == "" {
		return
	}
	servers := make(map[string]bool)
	for shard := range s.c.Shards {
		info := have[s.names.stream(shard)]
		if info.Config.Replicas == 1 && info.Cluster != nil {
			servers[cmp.Or(info.Cluster.Leader, "unknown")] = true // which one may not be known for a moment
		}
	}
	if len(servers) == 0 {
		return
	}
	s.log().LogAttrs(context.Background(), slog.LevelWarn, "durable: one server of the cluster keeps each event: whoever loses that server loses its events (Config.Replicas)",
		slog.String("store", s.c.Name), slog.String("cluster", cluster),
		slog.String("servers", strings.Join(slices.Sorted(maps.Keys(servers)), ",")))
}
