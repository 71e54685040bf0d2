package event

import (
	"context"
	"errors"
	"time"
)

// A DedupeStore remembers which events are done and which are being handled,
// for [Dedupe]. [DedupeMemory] is one for a single process; a store for several
// instances is shared by them.
//
// A key is opaque and at most 256 bytes long. Each key has one of three states:
// free, claimed by one owner until its lease expires, or done until its keep
// expires. Methods are called concurrently, in several processes, and each must
// change the state of a key atomically. They should return when ctx ends; the change
// may or may not have taken effect then.
type DedupeStore interface {
	// Claim claims a key that is free, or whose lease has expired, for a new owner.
	// It returns ClaimGranted and the owner, which no other claim has. For a key
	// that is done it returns ClaimDone, for one that is claimed ClaimBusy; the
	// owner is then meaningless.
	Claim(ctx context.Context, key string, lease time.Duration) (owner string, state ClaimState, err error)
	// Done marks a key done for keep, if owner has claimed it or it is free: an
	// expired lease is no loss as long as no other owner has claimed the key.
	// Otherwise it changes nothing and returns ErrClaimLost.
	Done(ctx context.Context, key, owner string, keep time.Duration) error
	// Release frees a key that owner has claimed. A free key stays free. Otherwise
	// it changes nothing and returns ErrClaimLost.
	Release(ctx context.Context, key, owner string) error
}

// A DedupeDigestStore is a [DedupeStore] that keeps a digest of the body with each
// key. [Dedupe] then warns of an event that comes again with another body.
type DedupeDigestStore interface {
	DedupeStore
	// ClaimDigest is Claim, and keeps digest with a key that it grants, until the
	// key is free again. For a key that is done or claimed, changed reports that it
	// was kept with another digest. Dedupe calls it in place of Claim for events
	// whose ID does not tell bodies apart; digest is never zero.
	ClaimDigest(ctx context.Context, key string, digest uint64, lease time.Duration) (owner string, state ClaimState, changed bool, err error)
}

// A ClaimState is what a [DedupeStore] knows of a key. The zero ClaimState is
// none of them: Dedupe treats it as an error of the store.
type ClaimState int

const (
	// ClaimGranted means that the caller has claimed the key now.
	ClaimGranted ClaimState = iota + 1
	// ClaimDone means that the event was handled before.
	ClaimDone
	// ClaimBusy means that another owner has claimed the key.
	ClaimBusy
)

// String returns "granted", "done", "busy", or "invalid".
func (s ClaimState) String() string {
	switch s {
	case ClaimGranted:
		return "granted"
	case ClaimDone:
		return "done"
	case ClaimBusy:
		return "busy"
	}
	return "invalid"
}

var (
	// ErrClaimLost is returned by the Done and Release of a [DedupeStore] if the
	// lease expired and another owner has claimed the key: the event may have been
	// handled twice.
	ErrClaimLost = errors.New("event: claim lost to another owner")
	// ErrStoreFull is returned by a [DedupeStore] that has no room for a key.
	ErrStoreFull = errors.New("event: de-duplication store is full of open claims")
)
