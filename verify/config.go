package verify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"regexp"
	"time"

	"github.com/accesshook/accesshook/event"
)

// Defaults of [Config].
const (
	DefaultMaxBody        = 64 << 10
	DefaultMaxUnverified  = 256 << 20
	DefaultBodyTimeout    = 10 * time.Second
	DefaultHandlerTimeout = 30 * time.Second
)

// Config is what the endpoints of all vendors share. The zero Config is ready to use.
type Config struct {
	// Name tells two endpoints of one vendor apart; it becomes Event.Source.
	// Letters, digits, dots, hyphens and underscores, at most 64. Zero: the
	// vendor's name.
	//
	// All credentials of an endpoint belong to one owner: they are rotations of one
	// secret, or those of a primary and a backup server. Owners who do not trust
	// each other get endpoints with different names.
	//
	// Two endpoints of one vendor that share a Dedupe, Queue or store need a Name
	// each. Without one, equal bodies of both are one event: the second is answered
	// 200 and dropped.
	Name string
	// MaxBody is the largest body in bytes, at most 1 GiB. Zero: 64 KiB,
	// LoginRadius 1 MiB.
	MaxBody int64
	// MaxUnverified limits the bytes of all bodies together that are not yet
	// verified. A request that would take more is answered 503. Bodies of up to 64
	// KiB do not count, so that nobody can keep ordinary events out. It must be at
	// least MaxBody. Zero: 256 MiB, or 4 times MaxBody if that is more.
	MaxUnverified int64
	// BodyTimeout is how long the body may take to arrive, from the end of the header
	// on. A shorter ReadTimeout of the http.Server takes its place. It is counted from
	// the end of the header too, so a request may take up to twice that time. Zero: 10
	// seconds.
	//
	// It needs a ResponseWriter whose read deadline can be set, such as that of
	// net/http or a wrapper with an Unwrap method. With another one only the server's
	// ReadTimeout limits the time.
	BodyTimeout time.Duration
	// HandlerTimeout is when the context of an [event.Handler] ends. A callback that
	// ignores its context keeps the request waiting. Zero: 30 seconds.
	HandlerTimeout time.Duration
	// MaxAge refuses events that happened longer ago than that. MaxFuture refuses
	// events that say they happen later than that from now. If either is set, an event
	// without a time is refused. A body that cannot be decoded has no time and is not
	// refused for that: it is answered 400 and reaches the handler in any case. Zero:
	// no window.
	//
	// Some events are late by design (an offline phone, an offline agent). A window
	// that is too short loses them. It does not replace de-duplication.
	MaxAge    time.Duration
	MaxFuture time.Duration
	// Also is a second verifier that must accept a request too, such as Basic
	// authentication in front of a signature. Nil: none.
	Also Verifier
	// AllowFrom lists addresses and networks (CIDR). A client in none of them is
	// refused with 403, and so is one whose address is not known. A bare address
	// stands for itself alone, an IPv6 one too. It does not prove who sent a request.
	// Nil: everybody. An empty list is an error.
	AllowFrom []string
	// AllowFromReport is for trying a list out. It lets everybody in, and marks the log
	// record of a request that AllowFrom would refuse with the key outside. Nil:
	// nothing is marked.
	AllowFromReport []string
	// ClientIP finds the client's address, for AllowFrom, RateLimit and the log.
	// Nil: RemoteAddr, the peer of the connection.
	ClientIP ClientIP
	// RateLimit limits how often one client may fail, or send at all. Zero: no limit.
	RateLimit RateLimit
	// Wrap is put around what handles the events, the first one outermost:
	// [event.Dedupe], or wrappers of your own. Handler, Middleware, Process and Deliver
	// apply it. They panic if there is a Queue in it, which nobody could shut down: give
	// the Queue to Handler.
	//
	// Each is called for every Handler and Middleware, and once more for Process and
	// Deliver together. Make what they must share, such as a Dedupe, outside of it.
	Wrap []func(event.Handler) event.Handler
	// Logger gets one record for each request. Its level is Info if the request was
	// accepted. It is Warn if the request was refused, if an error was
	// [event.Permanent], or if the client is outside AllowFromReport. It is Error if
	// handling failed or something panicked. The keys are API: endpoint, vendor,
	// status, client, bytes (of the body that were read), duration, and where they are
	// known credential (a label), id, type, vendor_type, duplicate (see
	// [event.MarkDuplicate]), outside (see AllowFromReport), error, stack. A status of
	// 0 means that nothing was answered. Invisible characters are JSON escapes, as in
	// [event.Event.LogValue]. Nil: slog.Default at the time of the request.
	//
	// Of the requests that were refused unverified, at most 100 at once and 10 a second
	// are logged, so that a flood does not fill the disk. The key suppressed says how
	// many were left out since the last record. Observe is told of all.
	//
	// A panic in Observe gets a record of its own, at level Error with endpoint, error
	// and stack.
	Logger *slog.Logger
	// Observe gets the same facts as values, after the answer to a request. It must be
	// fast. A panic in it is contained and logged. Nil: nothing.
	Observe func(context.Context, Observation)
}

// An Observation is what happened to one request.
type Observation struct {
	Vendor     string
	Source     string       // Config.Name, or the vendor
	Status     int          // of the answer, 0 if there was none
	Event      *event.Event // nil if the request was refused, unless its body could not be decoded; a Queue may still be working on it
	ID         string       // of the event, as are Type and VendorType: copied before a handler had it
	Type       event.Type
	VendorType string          // of any length
	Warnings   []event.Warning // of the event, copied too
	Credential string          // label of the credential that matched, "" if none did
	Duplicate  bool            // it was handled before, and dropped; see event.MarkDuplicate
	Client     netip.Addr      // by Config.ClientIP, zero if it is not known
	Outside    bool            // the client is not in AllowFromReport
	Bytes      int             // of the body that were read, 0 if the request was refused before
	Received   time.Time       // when the header had been read, with a monotonic clock
	Duration   time.Duration
	Err        error // why it was refused or failed, also a Permanent error
}

var validName = regexp.MustCompile(`^[A-Za-z0-9._-]{0,64}$`)

// complete checks c and fills in its defaults.
func (c Config) complete() (Config, error) {
	switch {
	case !validName.MatchString(c.Name):
		return c, errors.New("verify: Config.Name has other characters than letters, digits, dots, hyphens and underscores, or more than 64")
	case c.MaxBody < 0:
		return c, errors.New("verify: Config.MaxBody is negative")
	case c.MaxBody > 1<<30:
		return c, errors.New("verify: Config.MaxBody is more than 1 GiB")
	case c.MaxUnverified < 0 || c.MaxUnverified > 0 && c.MaxUnverified < cmp.Or(c.MaxBody, DefaultMaxBody):
		return c, errors.New("verify: Config.MaxUnverified is less than MaxBody")
	case c.BodyTimeout < 0:
		return c, errors.New("verify: Config.BodyTimeout is negative")
	case c.HandlerTimeout < 0:
		return c, errors.New("verify: Config.HandlerTimeout is negative")
	case c.MaxAge < 0:
		return c, errors.New("verify: Config.MaxAge is negative")
	case c.MaxFuture < 0:
		return c, errors.New("verify: Config.MaxFuture is negative")
	}
	var err error
	if c.RateLimit, err = c.RateLimit.complete(); err != nil {
		return c, err
	}
	for i, w := range c.Wrap {
		if w == nil {
			return c, fmt.Errorf("verify: Config.Wrap[%d] is nil", i)
		}
	}
	if c.MaxBody == 0 {
		c.MaxBody = DefaultMaxBody
	}
	if c.MaxUnverified == 0 {
		c.MaxUnverified = max(DefaultMaxUnverified, 4*c.MaxBody)
	}
	if c.BodyTimeout == 0 {
		c.BodyTimeout = DefaultBodyTimeout
	}
	if c.HandlerTimeout == 0 {
		c.HandlerTimeout = DefaultHandlerTimeout
	}
	return c, nil
}
