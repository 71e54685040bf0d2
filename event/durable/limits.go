package durable

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// accountWait is how long the account may take to say its limits.
const accountWait = 2 * time.Second

// Error codes of the server for limits, from server/errors.json of nats-server.
const (
	codeMaximumStreams     jetstream.ErrorCode = 10027
	codeNoLimits           jetstream.ErrorCode = 10120
	codeMaxBytesExceeded   jetstream.ErrorCode = 10122
	insufficientForReplica                     = "insufficient" // in the description of codeNoPeers
)

// explain adds to err of the creation of the streams what the servers do not say: which
// amount is missing, or that JetStream is off.
func (s *Store) explain(ctx context.Context, err error) error {
	if errors.Is(err, nats.ErrNoResponders) {
		return fmt.Errorf("durable: JetStream is not enabled on the servers, or not in the account of this connection: %w", err)
	}
	api, ok := errors.AsType[*jetstream.APIError](err)
	if !ok {
		return err
	}
	switch api.ErrorCode {
	case codeAccountResources, codeResources, codeStorageResources, codeMaximumStreams, codeNoLimits, codeMaxBytesExceeded:
	case codeNoPeers:
		if !strings.Contains(api.Description, insufficientForReplica) {
			return err
		}
	default:
		return err
	}
	streams, bytes := s.streams(), int64(0)
	for _, c := range streams {
		bytes += c.MaxBytes
	}
	need := fmt.Sprintf("the store needs %d streams with %d bytes (Config.MaxBytes %d, MaxDeadBytes %d, the rest for records) on each of %d servers",
		len(streams), bytes, s.c.MaxBytes, s.c.MaxDeadBytes, s.c.Replicas)
	ctx, cancel := context.WithTimeout(ctx, accountWait)
	defer cancel()
	info, infoErr := s.js.AccountInfo(ctx)
	if infoErr != nil {
		return fmt.Errorf("%w: %s; what the account may have is not known: %v", err, need, infoErr)
	}
	tier, ok := info.Tiers[fmt.Sprintf("R%d", s.c.Replicas)]
	if !ok {
		tier = info.Tier // which counts the bytes of each server
	}
	return fmt.Errorf("%w: %s; %s", err, need, describeLimits(tier))
}

// describeLimits says what an account may have, and has.
func describeLimits(t jetstream.Tier) string {
	var has []string
	if n := t.Limits.MaxStore; n >= 0 {
		has = append(has, fmt.Sprintf("%d bytes, of which %d are reserved", n, max(t.ReservedStore, t.Store)))
	}
	if n := t.Limits.StoreMaxStreamBytes; n > 0 {
		has = append(has, fmt.Sprintf("%d bytes for one stream", n))
	}
	if n := t.Limits.MaxStreams; n >= 0 {
		has = append(has, fmt.Sprintf("%d streams, of which it has %d", n, t.Streams))
	}
	if has == nil {
		return "the account has no limit, so it is that of the servers (max_file_store, or their disks)"
	}
	return "the account may have " + strings.Join(has, ", and ")
}
