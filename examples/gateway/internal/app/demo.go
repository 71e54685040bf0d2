package app

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/accesshook/accesshook/examples/gateway/internal/demo"
	"github.com/accesshook/accesshook/examples/gateway/internal/terminal"
)

// demoTime is how long the demo takes.
const demoTime = 10 * time.Second

// play sends the events of the demo to addr, and then writes a summary to stderr. If an
// event is refused, it ends the gateway.
func (g *gateway) play(ctx context.Context, fail context.CancelCauseFunc, addr net.Addr, stderr io.Writer) {
	over := demoTime
	if g.DemoFast {
		over = 0
	}
	sent, err := g.demo.Send(ctx, "http://"+demo.Reachable(addr), over)
	switch {
	case ctx.Err() != nil:
		return
	case err != nil:
		fail(fmt.Errorf("demo: %w", err))
		return
	}
	if terminal.IsTerminal(stderr) {
		fmt.Fprintln(stderr)
		_, _ = g.summary.WriteTo(stderr)
		fmt.Fprintln(stderr)
		return
	}
	g.log.Info("demo: every event was sent and accepted", "events", sent)
}

// banner says what one can do with the demo.
func (g *gateway) banner(base string, s *servers, stderr io.Writer) {
	page := base + "/"
	switch {
	case !s.adminServed:
		page = "needs -admin-addr or ADMIN_CREDENTIALS, since -addr is no loopback address"
	case s.admin != nil:
		page = "http://" + demo.Reachable(s.addr) + "/"
	}
	if s.adminServed && g.login != nil {
		page += " (log in as in ADMIN_CREDENTIALS)"
	}
	fmt.Fprintf(stderr, "Live page:          %s\nYour own event:     %s\nStop:               Ctrl-C\n\n", page, g.demo.Curl(base))
}
