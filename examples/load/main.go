// Command load compares how many requests a second the gateway answers with what
// a handler does that only reads the body. It starts both, as processes of their
// own, and sends them the same signed Relock events over loopback, each event
// once.
//
//	go run ./examples/load
//
// The two take turns, and each round gives a ratio, since the speed of a machine
// drifts. The median of the ratios is the result.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"time"
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == bareCommand {
		fmt.Fprintln(os.Stderr, serveBare(os.Args[2]))
		os.Exit(1)
	}
	rounds := flag.Int("rounds", 9, "how many `rounds`")
	requests := flag.Int("requests", 40_000, "how many `requests` a round and server")
	connections := flag.Int("connections", 32, "how many `connections` send at the same time")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Stdout, *rounds, *requests, *connections)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

const (
	secret     = "a secret for measurements only"
	gatewayPkg = "github.com/accesshook/accesshook/examples/gateway"

	bareCommand = "serve-bare" // what this program is run with to be the other server
)

// serveBare serves a handler that only reads the body.
func serveBare(addr string) error {
	s := &http.Server{
		Addr:              addr,
		ReadHeaderTimeout: 5 * time.Second,
		Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
		}),
	}
	return s.ListenAndServe()
}

// run measures, and prints to out.
func run(ctx context.Context, out io.Writer, rounds, requests, connections int) error {
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
	// Without Stdout and Stderr, a process has the null device.
	gatewayAddr, stop, err := startServer(ctx, func(addr string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, gateway, "-addr", addr)
		cmd.Env = []string{"RELOCK_SECRETS=" + secret}
		return cmd
	})
	if err != nil {
		return err
	}
	defer stop()
	bareAddr, stop, err := startServer(ctx, func(addr string) *exec.Cmd {
		return exec.CommandContext(ctx, self, bareCommand, addr)
	})
	if err != nil {
		return err
	}
	defer stop()

	var gatewayRates, bareRates, ratios []float64
	for round := range rounds + 1 {
		prepared := prepare(round, requests)
		rates := make(map[string]float64)
		servers := []string{gatewayAddr, bareAddr}
		if round%2 == 1 {
			slices.Reverse(servers)
		}
		for _, addr := range servers {
			took, err := sendAll(ctx, addr, prepared, connections)
			if err != nil {
				return err
			}
			rates[addr] = float64(requests) / took.Seconds()
		}
		if round == 0 {
			continue // warms up
		}
		g, b := rates[gatewayAddr], rates[bareAddr]
		fmt.Fprintf(out, "round %d: gateway %.0f/s, bare handler %.0f/s, ratio %.2f\n", round, g, b, g/b)
		gatewayRates, bareRates, ratios = append(gatewayRates, g), append(bareRates, b), append(ratios, g/b)
	}
	fmt.Fprintf(out, "median: gateway %.0f/s, bare handler %.0f/s, ratio %.2f\n",
		median(gatewayRates), median(bareRates), median(ratios))
	return nil
}

func median[T cmp.Ordered](all []T) T {
	slices.Sort(all)
	return all[len(all)/2]
}

// startServer starts a server on a free port and returns once it listens.
func startServer(ctx context.Context, command func(addr string) *exec.Cmd) (addr string, stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	addr = l.Addr().String()
	_ = l.Close()
	cmd := command(addr)
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			return addr, stop, c.Close()
		}
		if time.Now().After(deadline) || ctx.Err() != nil {
			stop()
			return "", nil, err
		}
	}
}
