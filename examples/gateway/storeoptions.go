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

// storeOptions are the flags of a store.
type storeOptions struct {
	dir      string // "": none is kept in a directory
	nats     string // URLs of NATS servers; "": none is kept there
	maxBytes int64
	order    string
	workers  int
	replicas int
}

// What -order can be.
var storeOrders = map[string]durable.Order{
	"user": durable.OrderByUser,
	"lock": durable.OrderByLock,
	"none": durable.OrderNone,
}

const (
	maxStoreWorkers = 128 // in each shard; beyond it a number is a mistake
	// minStoreDedupe bounds -dedupe from below: a store always remembers.
	minStoreDedupe = time.Second
	// minShardMessages is how many of the largest messages a shard must have room for.
	minShardMessages = 4
)

func (s *storeOptions) define(flags *flag.FlagSet) {
	flags.StringVar(&s.dir, "data", "", "store events in this `directory` before they are answered, and handle them from there: nothing is lost at a crash")
	flags.StringVar(&s.nats, "nats", "", "store events on the NATS servers with these `URLs` (nats:// or tls://, separated by commas) before they are\nanswered, and handle them from there. NATS_CREDS_FILE has the credentials, or the URL user:password@")
	flags.Int64Var(&s.maxBytes, "data-max-bytes", durable.DefaultMaxBytes, "how many `bytes` of events the store may hold. Not given: as the store has it")
	flags.StringVar(&s.order, "order", "none", "what is handled one after another, in the order in which it was stored: the events of one user, of one\nlock, or none. It cannot be changed once a store is made")
	flags.IntVar(&s.workers, "workers", durable.DefaultWorkers, fmt.Sprintf("how many `events` of the store are handled at the same time in each of its %d shards", durable.DefaultShards))
	flags.IntVar(&s.replicas, "replicas", 1, "on how many `servers` of the NATS cluster each event is kept: 1, 3 or 5.\nNot given: as the store has it")
}

// used reports whether there is a store.
func (s *storeOptions) used() bool { return s.dir != "" || s.nats != "" }

// check finds what is wrong with them. given has the names of the flags that were
// set.
func (s *storeOptions) check(given map[string]bool) error {
	_, known := storeOrders[s.order]
	switch {
	case given["data"] && s.dir == "": // as from a variable that is not set
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

// checkURLs refuses what is no list of URLs. Its error has nothing of them, for
// they may hold a password.
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

// checkStore finds what is wrong with flags that mean something else, or nothing,
// with a store.
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
