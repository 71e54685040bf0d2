package main

import (
	"errors"
	"flag"
	"fmt"
	"time"

	"github.com/accesshook/accesshook/verify"
)

// rateOptions are the flags of the rate limit of each endpoint.
type rateOptions struct {
	requests int // 0: there is no limit
	per      time.Duration
	every    bool
	clients  int
}

const maxRateClients = 1 << 20 // some 250 MB for each endpoint; a larger number is a mistake

func (r *rateOptions) define(flags *flag.FlagSet) {
	flags.IntVar(&r.requests, "rate", 100, "how many `requests` of a client may fail in the time of -rate-per before it gets 429 (0: no limit)")
	flags.DurationVar(&r.per, "rate-per", verify.DefaultRatePer, "the time in which the requests of -rate are restored")
	flags.BoolVar(&r.every, "rate-every-request", false, "count every request for -rate. It can refuse the vendor. Behind a proxy it needs -client-ip")
	flags.IntVar(&r.clients, "rate-clients", verify.DefaultRateClients, "how many `clients` each endpoint remembers for -rate")
}

// check validates the flags. given has the names of those that were set.
func (r *rateOptions) check(given map[string]bool) error {
	switch {
	case r.requests < 0:
		return errors.New("-rate is negative")
	case r.per <= 0:
		return errors.New("-rate-per is not more than 0")
	case r.clients < 1 || r.clients > maxRateClients:
		return fmt.Errorf("-rate-clients is not between 1 and %d", maxRateClients)
	}
	for _, name := range []string{"rate-per", "rate-every-request", "rate-clients"} {
		if given[name] && r.requests == 0 {
			return fmt.Errorf("-%s has no effect with -rate 0", name)
		}
	}
	return nil
}

// limit returns the configuration of an endpoint.
func (r *rateOptions) limit() verify.RateLimit {
	if r.requests == 0 {
		return verify.RateLimit{}
	}
	return verify.RateLimit{Requests: r.requests, Per: r.per, EveryRequest: r.every, Clients: r.clients}
}
