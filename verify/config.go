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

// Config is what the endpoints of all vendors share. The zero Config is ready to
// use: each zero field means what its comment says.
type Config struct {
	// Name tells two endpoints of one vendor apart; it becomes Event.Source.
	// Letters, digits, dots, hyphens and underscores, at most 64. Zero: the
	// vendor's name.
	//
	// Two endpoints of one vendor that share a Dedupe, Queue or store need a Name
	// each. Without, equal bodies of both are one event: the second is answered 200
	// and dropped.
	Name string
	// MaxBody is the largest body in bytes, at most 1 GiB. Zero: 64 KiB,
	// LoginRadius 1 MiB.
	MaxBody int64
	// MaxUnverified is how many bytes the bodies of all requests may take together
	// until they are verified. Those of up to 64 KiB do not count, so that nobody
	// can keep ordinary events out; one that would take more is answered 503. It
	// must be at least MaxBody. Zero: 256 MiB, or 4 times MaxBody if that is more.
	MaxUnverified int64
	// BodyTimeout is how long the body may take to arrive, counted from the end of
	// the header. Zero: 10 seconds. A shorter ReadTimeout of the http.Server counts
	// in its place, from the end of the header as well: when the header began
	// nobody tells, so a request may take up to twice that.
	//
	// It needs a ResponseWriter whose read deadline can be set, as that of
	// net/http and of wrappers with an Unwrap method can; with another one the
	// server's ReadTimeout is the only bound.
	BodyTimeout time.Duration
	// HandlerTimeout is the deadline of the context that an [event.Handler]
	// gets. A callback that ignores its context holds the request for longer.
	// Zero: 30 seconds.
	HandlerTimeout time.Duration
	// MaxAge refuses events that happened longer ago, MaxFuture those that say
	// they happen later than now by more. An event without a time is refused if
	// either is set. Zero: no window.
	//
	// No vendor signs a timestamp of its own and some events are late by design
	// (an offline phone, an offline agent): a window that is too short loses
	// events. It is no replacement for de-duplication.
	MaxAge    time.Duration
	MaxFuture time.Duration
	// Also is a second verifier that must accept a request as well, such as
	// Basic authentication in front of a signature. Nil: none.
	Also Verifier
	// AllowFrom refuses clients whose address is in none of these addresses and
	// networks (CIDR) with 403; a bare address stands for itself alone, an IPv6
	// one too. An address that cannot be read is refused. It is a fence, not a
	// proof of who sent a request. Nil: everybody; an empty list is an error.
	AllowFrom []string
	// AllowFromReport lets everybody in and marks the log record of a request
	// that AllowFrom would refuse with the key outside, for trying a list out.
	// Nil: nothing is marked.
	AllowFromReport []string
	// ClientIP finds the client's address, for AllowFrom, RateLimit and the log.
	// Nil: RemoteAddr, the peer of the connection.
	ClientIP ClientIP
	// RateLimit bounds how often one client may fail, or ask at all. Zero: no
	// limit.
	RateLimit RateLimit
	// Wrap is put around what handles the events, for Handler and Middleware
	// alike, the first one outermost: [event.Dedupe], or wrappers of your own.
	// Handler and Middleware panic if there is a Queue in it, which nobody could
	// shut down: give the Queue to Handler.
	Wrap []func(event.Handler) event.Handler
	// Logger gets one record a request: at level Info if it was accepted, Warn if
	// it was refused, if an error was [event.Permanent], or if its client is
	// outside AllowFromReport, Error if handling failed. The keys are API:
	// endpoint, vendor, status, client, bytes (of the body that were read),
	// duration, and where they are known credential (a label), id, type,
	// vendor_type, outside (see AllowFromReport), error, stack. Nil: slog.Default
	// at the time of the request.
	//
	// So that a flood does not fill the disk, of the requests that were refused
	// unverified at most 100 at once and 10 a second are logged; the key
	// suppressed says how many were not since the last one. Observe is told of all.
	//
	// A panic in Observe gets a record of its own, at level Error with endpoint,
	// error and stack.
	Logger *slog.Logger
	// Observe gets the same facts as values after the request was answered. It
	// must be fast; a panic in it is contained and logged. Nil: nothing.
	Observe func(context.Context, Observation)
}

// An Observation is what happened to one request.
type Observation struct {
	Vendor     string
	Source     string       // Config.Name, or the vendor
	Status     int          // what was answered; 0 if it was left to the caller of Receive
	Event      *event.Event // nil if the request was refused; a Queue may still be at work on it
	ID         string       // of the event, as all that follows, from before a handler had it
	Type       event.Type
	VendorType string     // of any length
	Credential string     // label of the credential that matched, "" if none did
	Client     netip.Addr // by Config.ClientIP; zero if it cannot be read
	Outside    bool       // the client is not in AllowFromReport
	Bytes      int        // of the body that were read: 0 if it was refused before
	Received   time.Time  // when the header had been read, with a monotonic clock
	Duration   time.Duration
	Err        error // why it was refused or failed; also for a Permanent error
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
