package verify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/jsonappend"
)

// record writes the one log record of a request and tells Observe. A status of 0
// means that no answer was given.
func (p *Endpoint) record(x *exchange, status int, err error) {
	ctx := x.r.Context()
	log := p.config.Logger
	if log == nil {
		log = slog.Default()
	}
	level := levelOf(status, err)
	if x.outside {
		level = max(level, slog.LevelWarn)
	}
	logged := log.Enabled(ctx, level) && p.sampled(x, status, err)
	if !logged && p.config.Observe == nil {
		return
	}
	duration := time.Since(x.received)
	client, clientErr := p.clientAddr(x)
	if logged {
		attrs := make([]slog.Attr, 0, 16)
		attrs = append(attrs,
			slog.String("endpoint", p.source),
			slog.String("vendor", p.vendor),
			slog.Int("status", status),
			slog.String("client", clientText(client, clientErr)),
			slog.Int("bytes", len(x.body)),
			slog.Duration("duration", duration),
		)
		if x.credential != "" {
			attrs = append(attrs, slog.String("credential", jsonappend.Visible(x.credential)))
		}
		if x.event != nil {
			attrs = append(attrs,
				slog.String("id", jsonappend.Visible(x.facts.id)),
				slog.String("type", jsonappend.Visible(string(x.facts.typ))),
				slog.String("vendor_type", jsonappend.Visible(short(x.facts.vendorType))),
			)
		}
		if x.duplicate {
			attrs = append(attrs, slog.Bool("duplicate", true))
		}
		if x.outside {
			attrs = append(attrs, slog.Bool("outside", true))
		}
		if n := p.suppressed.Swap(0); n > 0 {
			attrs = append(attrs, slog.Int64("suppressed", n))
		}
		if err != nil {
			attrs = append(attrs, slog.String("error", jsonappend.Visible(err.Error())))
			if p, ok := errors.AsType[*event.PanicError](err); ok {
				attrs = append(attrs, slog.String("stack", string(p.Stack)))
			}
		}
		log.LogAttrs(ctx, level, "webhook", attrs...)
	}
	if p.config.Observe == nil {
		return
	}
	defer func() {
		if v := recover(); v != nil {
			log.LogAttrs(ctx, slog.LevelError, "webhook: Observe panicked",
				slog.String("endpoint", p.source), slog.String("error", jsonappend.Visible(fmt.Sprint(v))), slog.String("stack", string(debug.Stack())))
		}
	}()
	// The context may have ended: its sender may have hung up.
	p.config.Observe(context.WithoutCancel(ctx), Observation{
		Vendor: p.vendor, Source: p.source, Status: status,
		Event: x.event, ID: x.facts.id, Type: x.facts.typ, VendorType: x.facts.vendorType, Warnings: x.facts.warnings,
		Credential: x.credential, Duplicate: x.duplicate, Client: client, Outside: x.outside, Bytes: len(x.body), Received: x.received, Duration: duration, Err: err,
	})
}

func levelOf(status int, err error) slog.Level {
	_, panicked := errors.AsType[*event.PanicError](err)
	switch {
	case status == 0 || status >= 500 || panicked:
		return slog.LevelError
	case err != nil || status >= 400:
		return slog.LevelWarn
	default:
		return slog.LevelInfo
	}
}

// sampled reports whether a request is logged. Anybody can be refused as often as they
// like. What was verified comes from the vendor, and is logged even if it is refused.
func (p *Endpoint) sampled(x *exchange, status int, err error) bool {
	refused := !x.verified && (status != 0 && status < 500 || errors.Is(err, ErrTooManyBodies))
	if !refused || p.refusals == nil || p.refusals.allow() {
		return true
	}
	p.suppressed.Add(1)
	return false
}

// short limits the length of the vendor's name for an event, which may be anything.
func short(s string) string {
	const most = 64
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

func clientText(a netip.Addr, err error) string {
	if err != nil {
		return "unknown"
	}
	return a.String()
}
