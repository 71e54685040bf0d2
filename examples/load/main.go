// Command load compares how many requests a second the gateway answers with how many a
// handler answers that only reads the body. It starts both as processes of their own, and
// sends them the same signed Relock events over loopback, each event once.
//
//	go run ./examples/load
//	go run ./examples/load -sender https
//	go run ./examples/load -sender lean
//
// The sender shares the processors with the servers, so its cost hides a part of the
// difference. It is the client of net/http over kept connections, or over a new HTTPS
// connection for each event, or a minimal client of its own.
//
// The two servers take turns, and each round gives a ratio, since the speed of a machine
// drifts. The result is the median of the ratios.
package main

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
)

func main() {
	if len(os.Args) > 2 && os.Args[1] == bareCommand {
		fmt.Fprintln(os.Stderr, serveBare(os.Args[2:]))
		os.Exit(1)
	}
	rounds := flag.Int("rounds", 9, "number of `rounds`")
	requests := flag.Int("requests", 0, "`requests` a round for each server (0: 40000, or 4000 with https)")
	connections := flag.Int("connections", 32, "number of concurrent `connections`")
	name := flag.String("sender", "http", "`client` that sends: http, that of net/http; https, the same with a new connection for each event; lean, a minimal one")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Stdout, *rounds, *requests, *connections, senders[*name])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

const (
	secret     = "a secret for measurements only"
	gatewayPkg = "github.com/accesshook/accesshook/examples/gateway"
)

// run measures and prints the results to out.
func run(ctx context.Context, out io.Writer, rounds, requests, connections int, send *sender) error {
	if send == nil {
		return errors.New("-sender is neither http nor https nor lean")
	}
	if requests == 0 {
		requests = send.requests
	}
	if rounds < 1 || requests < 1 || connections < 1 {
		return errors.New("rounds, requests and connections must be at least 1")
	}
	dir, err := os.MkdirTemp("", "load")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	gateway := filepath.Join(dir, "gateway")
	build := exec.CommandContext(ctx, "go", "build", "-o", gateway, gatewayPkg)
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("go build: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	var roots *x509.CertPool
	var gatewayArgs, bareArgs []string
	if send.tls {
		c, err := newCertificate(dir)
		if err != nil {
			return err
		}
		roots = c.roots
		gatewayArgs, bareArgs = []string{"-tls-cert", c.cert, "-tls-key", c.key}, []string{c.cert, c.key}
	}
	g, err := start(ctx, dir, func(addr string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, gateway, append(gatewayArgs, "-addr", addr)...)
		cmd.Env = []string{"RELOCK_SECRETS=" + secret}
		return cmd
	})
	if err != nil {
		return err
	}
	defer g.stop()
	bare, err := start(ctx, dir, func(addr string) *exec.Cmd {
		return exec.CommandContext(ctx, self, append([]string{bareCommand, addr}, bareArgs...)...)
	})
	if err != nil {
		return err
	}
	defer bare.stop()

	var gatewayRates, bareRates, ratios []float64
	for round := range rounds + 1 {
		all := deliveries(round, requests)
		rates := make(map[*server]float64)
		servers := []*server{g, bare}
		if round%2 == 1 {
			slices.Reverse(servers)
		}
		for _, s := range servers {
			took, err := sendAll(ctx, target{s.addr, roots}, all, connections, send)
			if err != nil {
				return err
			}
			rates[s] = float64(requests) / took.Seconds()
		}
		// The clock is stopped. Every event must have been written, none twice.
		if lines, err := g.takeLines(); err != nil || lines != requests {
			return errors.Join(fmt.Errorf("the gateway wrote %d events of %d", lines, requests), err)
		}
		if round == 0 {
			continue // warms up
		}
		gr, br := rates[g], rates[bare]
		fmt.Fprintf(out, "round %d: gateway %.0f/s, bare handler %.0f/s, ratio %.2f\n", round, gr, br, gr/br)
		gatewayRates, bareRates, ratios = append(gatewayRates, gr), append(bareRates, br), append(ratios, gr/br)
	}
	n := requests * (rounds + 1)
	gatewayCost, bareCost := g.cost(n).Seconds()*1e6, bare.cost(n).Seconds()*1e6
	fmt.Fprintf(out, "processor time for a request: gateway %.1f µs, bare handler %.1f µs, ratio %.2f\n",
		gatewayCost, bareCost, gatewayCost/bareCost)
	fmt.Fprintf(out, "median: gateway %.0f/s, bare handler %.0f/s, ratio %.2f\n",
		median(gatewayRates), median(bareRates), median(ratios))
	return nil
}

func median[T cmp.Ordered](all []T) T {
	slices.Sort(all)
	return all[len(all)/2]
}
