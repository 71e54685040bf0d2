package main

import (
	"errors"
	"flag"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/accesshook/accesshook/event/durable"
)

// storeOptions are the flags of the store.
type storeOptions struct {
	dir      string // "": no store in a directory
	nats     string // URLs of NATS servers; "": no store on servers
	maxBytes int64
	order    string
	workers  int
	replicas int
}

// Values of -order.
var storeOrders = map[string]durable.Order{
	"user": durable.OrderByUser,
	"lock": durable.OrderByLock,
	"none": durable.OrderNone,
}

const (
	maxStoreWorkers = 128 // in each shard; a larger number is a mistake
	// minStoreDedupe is the least value of -dedupe: a store always drops duplicates.
	minStoreDedupe = time.Second
	// minShardMessages is how many messages of the largest size must fit into a shard.
	minShardMessages = 4
)

func (s *storeOptions) define(flags *flag.FlagSet) {
	flags.StringVar(&s.dir, "data", "", "store events in this `directory` before answering, and handle them from there: a crash loses nothing")
	flags.StringVar(&s.nats, "nats", "", "store events on the NATS servers with these `URLs` (nats:// or tls://, separated by commas) before answering,\nand handle them from there. Credentials: NATS_CREDS_FILE, or user:password@ in the URL")
	flags.Int64Var(&s.maxBytes, "data-max-bytes", durable.DefaultMaxBytes, "how many `bytes` of events the store may hold. If it is not set, the setting of an existing store stays")
	flags.StringVar(&s.order, "order", "none", "which events are handled in the order in which they were stored: those of one user, of one lock, or none.\nIt is fixed when the store is created")
	flags.IntVar(&s.workers, "workers", durable.DefaultWorkers, fmt.Sprintf("how many `events` of the store are handled concurrently in each of its %d shards", durable.DefaultShards))
	flags.IntVar(&s.replicas, "replicas", 1, "on how many `servers` of the NATS cluster each event is kept: 1, 3 or 5.\nIf it is not set, the setting of an existing store stays")
}

// used reports whether a store is configured.
func (s *storeOptions) used() bool { return s.dir != "" || s.nats != "" }

// check validates the flags. given has the names of those that were set.
func (s *storeOptions) check(given map[string]bool) error {
	_, known := storeOrders[s.order]
	switch {
	case given["data"] && s.dir == "": // such as an unset shell variable
		return errors.New("-data is empty")
	case given["nats"] && s.nats == "":
		return errors.New("-nats is empty")
	case s.dir != "" && s.nats != "":
		return errors.New("-data and -nats exclude each other")
	case !known:
		return errors.New("-order is not user, lock or none")
	case s.workers < 1 || s.workers > maxStoreWorkers:
		return fmt.Errorf("-workers is not between 1 and %d", maxStoreWorkers)
	case s.replicas != 1 && s.replicas != 3 && s.replicas != 5:
		return errors.New("-replicas is not 1, 3 or 5")
	case given["replicas"] && s.nats == "":
		return errors.New("-replicas has no effect without -nats")
	case given["workers"] && s.used() && s.order != "none":
		return errors.New("-workers has no effect with -order: each shard handles one event after another")
	}
	for _, name := range []string{"data-max-bytes", "order", "workers"} {
		if given[name] && !s.used() {
			return fmt.Errorf("-%s has no effect without -data or -nats", name)
		}
	}
	return s.checkURLs()
}

// checkURLs validates the URLs of -nats. Its error does not hold them, since they may
// have a password.
func (s *storeOptions) checkURLs() error {
	if s.nats == "" {
		return nil
	}
	for i, server := range strings.Split(s.nats, ",") {
		u, err := url.Parse(server)
		if err != nil || u.Scheme != "nats" && u.Scheme != "tls" || u.Hostname() == "" {
			return fmt.Errorf("-nats: URL %d is not nats://host:port or tls://host:port", i+1)
		}
	}
	return nil
}

// checkStore validates other flags that mean something else with a store.
func (o *options) checkStore() error {
	if !o.store.used() {
		return nil
	}
	switch {
	case o.queue.depth > 0:
		return errors.New("-queue holds events in memory, and -data and -nats store them: choose one")
	case o.dedupe < minStoreDedupe:
		return fmt.Errorf("-dedupe is less than %s: a store always remembers events", minStoreDedupe)
	}
	return nil
}
