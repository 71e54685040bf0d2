package durable

import (
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
)

// Defaults of [Config].
const (
	DefaultName           = "accesshook"
	DefaultShards         = 8
	DefaultMaxBody        = 1 << 20
	DefaultMaxBytes       = 4 << 30
	DefaultMaxDeadBytes   = 256 << 20
	DefaultDedupeWindow   = 24 * time.Hour
	DefaultMaxInFlight    = 512
	DefaultPublishTimeout = 5 * time.Second
)

const (
	// minDedupeWindow is the least that a NATS server takes.
	minDedupeWindow = 100 * time.Millisecond
	// maxMaxBody keeps maxMessage in the 31 bits that a NATS server has for it.
	maxMaxBody = 256 << 20
	// maxMaxBytes is beyond what any disk holds, and two of it are below 1<<62.
	maxMaxBytes = 1 << 60
	// deadRoom is how many bytes larger a dead letter is than its event. A stored event
	// must fit one message as a dead letter too.
	deadRoom = 2 << 10
)

// MaxShards is the largest number of shards that a store may have.
const MaxShards = 64

// Config configures a [Store]. Payloads is required; every other field has a default.
// The settings of the streams belong to the store: a process that opens it with other
// values changes them for all processes.
type Config struct {
	// Payloads decodes the payloads of stored events, by vendor. It must have an entry
	// for every vendor whose events are stored. The Handler and Middleware methods of an
	// endpoint panic if its vendor is missing ([Store.AcceptsVendor]). An event of a
	// missing vendor that comes by another way becomes a dead letter, and can be retried
	// once its vendor is in Payloads. A nil decoder is for a vendor whose events have no
	// payload. A decoder that panics counts as one that returns an error.
	Payloads cloudevent.Payloads

	// Name is the prefix of the streams and subjects, so that several stores can be on
	// one cluster: 1 to 32 of a-z, 0-9, - and _. Empty: "accesshook".
	Name string
	// Shards is the number of streams that the events are spread over: a server syncs
	// one write of a stream at a time. It is fixed when the store is created; Connect
	// returns ErrMismatch if it differs. At most MaxShards. Zero: as the store has it, 8
	// for a new store.
	Shards int
	// Order says which events are handled one after another. It is fixed when the store
	// is created, since the user or lock decides in which shard an event is. A duplicate
	// that names another user or lock may be stored again. Empty: OrderNone.
	Order Order
	// Replicas is the number of servers of a cluster that keep each event: 1, 3 or 5.
	// Zero: as the store has it, 1 for a new store.
	Replicas int
	// RequireSync has [Connect] refuse servers that do not sync each write to their disks
	// (sync_interval: always). Most servers of the cluster must say so. The store asks every
	// minute, also those that were away: once one says that it does not, events are refused.
	// An operator has to export the service $SYS.REQ.SERVER.PING.JSZ of the system account
	// to the account of the connection. An embedded store always syncs.
	RequireSync bool

	// MaxBody is the largest MaxBody of the endpoints, in bytes. The NATS server must
	// take messages of MaxMessage bytes. At most 256 MiB. Zero: 1 MiB, the default of
	// LoginRadius. Lower it only when no larger event is left: an embedded store could
	// not make a dead letter of it.
	MaxBody int64
	// MaxBytes limits the events of all shards together, without dead letters. A shard
	// is full at its part of it. Zero: as the store has it, 4 GiB for a new store.
	MaxBytes int64
	// MaxDeadBytes limits the dead letters. While they are at the limit, an event that
	// would become one stays in its shard. At least MaxMessage. Zero: as the store has
	// it, 256 MiB for a new store.
	MaxDeadBytes int64
	// DedupeWindow is how long a duplicate of an event is dropped. The server keeps the
	// IDs in memory, about 150 MB for a million. It reads them from the events when it
	// starts, about two seconds for a million. At least 100 milliseconds. Zero: as the
	// store has it, 24 hours for a new store.
	DedupeWindow time.Duration
	// Retention is how long an event is kept that all consumers have acknowledged, for
	// [Store.Replay]. It is never shorter than DedupeWindow. When a shard is nine tenths
	// full, acknowledged events are deleted sooner, and a server that starts after that
	// does not know their duplicates. It is not a setting of the store: of several
	// processes that call Run, the shortest Retention counts. Zero: DedupeWindow.
	Retention time.Duration

	// MaxInFlight is how many events are stored at the same time at most. More are
	// answered ErrBusy. Zero: 512.
	MaxInFlight int
	// PublishTimeout is how long storing one event may take. Zero: 5 seconds.
	PublishTimeout time.Duration

	// KeepRaw keeps the body of each event, sealed with AES-256-GCM under the
	// first of RawKeys and bound to the event's Vendor, Source and ID. Callbacks
	// then get Raw, and a payload with its secrets where decoding Raw by Payloads
	// gives the payload that was stored. Nothing else is sealed: the event beside
	// it, with names and addresses, is in clear. KeepRaw needs a key.
	KeepRaw bool
	// RawKeys are keys of 32 random bytes each, see [event.NewSecretBytes]. The first
	// seals, all open. A key may be removed once no event is left that was sealed with
	// it, and must be replaced as first after four thousand million events. An event
	// that none of them opens goes to the dead letters; without any key, sealed events
	// come without Raw and with masked secrets, and the log says so once.
	//
	// With a key, also without KeepRaw, the body of an event is kept that an endpoint
	// could not decode (Type event.Unknown, no Payload): callbacks get it in Raw. It
	// may be full of secrets, so without a key it is not kept, and each time the log
	// says at level Error how many bytes were dropped.
	RawKeys []event.Secret

	// MarkFile is a file that says what the store should have, beside what the store
	// itself says of that. It tells that the store is an older copy, if the file is not
	// part of it: put it on another disk. Each process needs a file of its own. Empty:
	// none; for an embedded store <Name>.marks in its directory.
	MarkFile string

	// Logger gets the log records of the store. Nil: slog.Default at the time.
	Logger *slog.Logger
}

// An Order says which events are handled one after another.
type Order string

// Orders.
const (
	OrderNone   Order = ""
	OrderByUser Order = "user" // the events of one user, by event.ByUser; those without a user are in no order
	OrderByLock Order = "lock" // the events of one lock, by event.ByLock; those without a lock are in no order

	// OrderAsStored is the order that the store has, OrderNone for a new store.
	OrderAsStored Order = "as-stored"
)

// key returns the order key of e, or "" if e is in no order.
func (o Order) key(e *event.Event) string {
	switch o {
	case OrderByUser:
		return event.ByUser(e)
	case OrderByLock:
		return event.ByLock(e)
	}
	return ""
}

var validName = regexp.MustCompile(`^[a-z0-9_-]{1,32}$`)

// withDefaults checks c and sets the fields that are zero.
func (c Config) withDefaults() (Config, error) {
	given := c
	for _, d := range []struct {
		name  string
		value *int64
		or    int64
	}{
		{"MaxBody", &c.MaxBody, DefaultMaxBody},
		{"MaxBytes", &c.MaxBytes, DefaultMaxBytes},
		{"MaxDeadBytes", &c.MaxDeadBytes, DefaultMaxDeadBytes},
		{"DedupeWindow", (*int64)(&c.DedupeWindow), int64(DefaultDedupeWindow)},
		{"Retention", (*int64)(&c.Retention), 0},
		{"PublishTimeout", (*int64)(&c.PublishTimeout), int64(DefaultPublishTimeout)},
	} {
		if *d.value < 0 {
			return c, fmt.Errorf("durable: Config.%s is negative", d.name)
		}
		if *d.value == 0 {
			*d.value = d.or
		}
	}
	if c.Name == "" {
		c.Name = DefaultName
	}
	if c.Shards == 0 {
		c.Shards = DefaultShards
	}
	if c.Replicas == 0 {
		c.Replicas = 1
	}
	if c.MaxInFlight == 0 {
		c.MaxInFlight = DefaultMaxInFlight
	}
	switch {
	case len(c.Payloads) == 0:
		return c, errors.New(`durable: Config.Payloads is empty: no event could be read back (cloudevent.Payloads{"relock": relock.Decode})`)
	case !validName.MatchString(c.Name):
		return c, errors.New("durable: Config.Name must be 1 to 32 of a-z, 0-9, - and _")
	case c.Shards < 0 || c.Shards > MaxShards:
		return c, fmt.Errorf("durable: Config.Shards must be 1 to %d", MaxShards)
	case !slices.Contains([]Order{OrderNone, OrderByUser, OrderByLock, OrderAsStored}, c.Order):
		return c, fmt.Errorf("durable: Config.Order %.32q is unknown", string(c.Order))
	case c.Replicas != 1 && c.Replicas != 3 && c.Replicas != 5:
		return c, errors.New("durable: Config.Replicas must be 1, 3 or 5")
	case c.MaxInFlight < 0:
		return c, errors.New("durable: Config.MaxInFlight is negative")
	case c.DedupeWindow < minDedupeWindow:
		return c, fmt.Errorf("durable: Config.DedupeWindow is less than %s", minDedupeWindow)
	case c.MaxBody > maxMaxBody:
		return c, fmt.Errorf("durable: Config.MaxBody is more than %d", maxMaxBody)
	case c.MaxBytes > maxMaxBytes:
		return c, errors.New("durable: Config.MaxBytes is more than 1<<60")
	case c.MaxDeadBytes > maxMaxBytes:
		return c, errors.New("durable: Config.MaxDeadBytes is more than 1<<60")
	case c.KeepRaw && len(c.RawKeys) == 0:
		return c, errors.New("durable: Config.KeepRaw needs one of RawKeys")
	}
	for i, k := range c.RawKeys {
		switch key, ok := k.Reveal(); {
		case !ok && !k.IsZero():
			return c, fmt.Errorf("durable: Config.RawKeys: key %d is masked, its value is not known", i+1)
		case len(key) != rawKeySize:
			return c, fmt.Errorf("durable: Config.RawKeys: key %d has %d bytes, want %d", i+1, len(key), rawKeySize)
		}
	}
	c.Retention = max(c.Retention, c.DedupeWindow)
	c.PublishTimeout = min(c.PublishTimeout, maxDuration)
	given.MaxBody, given.Shards = c.MaxBody, c.Shards
	return c, given.checkRoom()
}

// checkRoom checks that the largest event fits the limits that c gives. A limit that c
// leaves out may be larger than the default, in a store that exists.
func (c Config) checkRoom() error {
	size := c.maxMessage()
	switch {
	case c.MaxDeadBytes > 0 && c.MaxDeadBytes < size:
		return fmt.Errorf("durable: Config.MaxDeadBytes is less than the %d bytes of the largest event", size)
	case c.MaxBytes > 0 && c.MaxBytes/int64(c.Shards) < size:
		return fmt.Errorf("durable: Config.MaxBytes leaves a shard less than the %d bytes of the largest event", size)
	}
	return nil
}

// maxMessage is the size in bytes up to which a server must take messages. Strings of
// the payload may stand a second time among the fields of the event, and bytes that are
// not UTF-8 become three. Neither is common.
func (c Config) maxMessage() int64 {
	size := 4*c.MaxBody + 64<<10
	if c.KeepRaw {
		size += c.MaxBody*4/3 + 1<<10
	}
	return size
}

// MaxMessage returns the size in bytes up to which a NATS server must take messages
// (its max_payload) for this Config: four times MaxBody and 64 KiB, and with KeepRaw a
// third more than MaxBody on top. It returns an error if the Config is invalid.
func (c Config) MaxMessage() (int64, error) {
	c, err := c.withDefaults()
	return c.maxMessage(), err
}
