// Command send tests a webhook: it sends events as a vendor does, with your secret, about
// invented people and doors.
//
//	send -list
//	send -vendor relock -event security.alert -secret-file secret.txt
//	send -vendor relock -url https://gateway.example.com -count 1000 -rate 50
//	send -vendor relock -event session.ended -set data.userId=alice -print
//
// It exits with status 0 if every answer was as expected, 1 if not, and 2 if flags or
// secrets are wrong. send -help says what else there is.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the program. Secrets are also in the environment of the process. When ctx ends, or
// on SIGINT or SIGTERM, it sends nothing more, and waits for the answers to what it has sent.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) (status int) {
	s, err := parse(args, stdin)
	if errors.Is(err, flag.ErrHelp) {
		writeHelp(stdout)
		return 0
	}
	if err != nil {
		fmt.Fprintln(stderr, "send:", err)
		return 2
	}
	for _, warning := range s.warnings {
		fmt.Fprintln(stderr, "send: warning:", warning)
	}
	switch {
	case s.list:
		err = writeList(stdout, s.chosen, s.json)
	case s.explain != "":
		status, err = explainRequest(ctx, s, stdin, stdout)
	case s.print:
		err = writeCommands(stdout, s)
	default:
		ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
		defer stop()
		context.AfterFunc(ctx, stop) // a second signal kills
		status, err = s.send(ctx, stdout, stderr)
	}
	if err != nil {
		fmt.Fprintln(stderr, "send:", err)
		return max(status, 1)
	}
	return status
}
