// Command suspicious disables an account in Active Directory after a suspicious logon. It
// receives the webhooks of all four vendors. Without -act it only says what it would do.
//
//	rules.go      what is suspicious
//	memory.go     what the rules remember
//	action.go     which accounts are disabled, and the audit lines
//	directory.go  Active Directory
//	main.go       settings, and the store between the rules and the action
//	receive.go    the endpoints of the vendors
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.LookupEnv, os.Stdout, os.Stderr))
}

type lookupEnv = func(name string) (value string, ok bool)

// run writes audit lines to stdout and the log to stderr. It returns the exit status.
func run(ctx context.Context, args []string, lookup lookupEnv, stdout, stderr io.Writer) int {
	var r rules
	var d directory
	a := action{audit: stdout, acted: make(map[string]time.Time)}
	f := flag.NewFlagSet("suspicious", flag.ContinueOnError)
	f.SetOutput(stderr)
	sample := f.Bool("demo", false, "print what it would do on a simulated day")
	addr := f.String("addr", "127.0.0.1:8080", "address to listen on")
	data := f.String("data", "suspicious-data", "directory for what it has learned, and for actions that wait")
	retry := f.Duration("retry", 10*time.Second, "first pause after the directory failed")
	f.DurationVar(&r.window, "window", 10*time.Minute, "refused logons count together within this time")
	f.IntVar(&r.ofUser, "refused-user", 10, "refused logons of one user that make a logon from a new address suspicious")
	f.IntVar(&r.fromAddress, "refused-address", 20, "refused logons from one address that make a logon from it suspicious")
	f.BoolVar(&r.refusedAlone, "refused-alone", false, "disable after -refused-user refused logons alone: whoever knows a name can lock its owner out")
	f.DurationVar(&r.learn, "learn", 14*24*time.Hour, "for how long the logons of a new user only teach")
	f.StringVar(&r.domain, "domain", "", "name of the Windows domain, as UserLock sends it: its users are the accounts of that name")
	accounts := f.String("accounts", "", "JSON `file`: accounts of other users, such as {\"relock id:u-1042\": \"aokoye\"}")
	f.BoolVar(&a.act, "act", false, "disable accounts; without it, only say which")
	f.IntVar(&a.perHour, "max-per-hour", 5, "disable no more accounts than this within an hour")
	never := f.String("never", "", "names of accounts that are never disabled, without a domain, separated by commas")
	f.StringVar(&d.url, "directory", "", "Active Directory, such as ldaps://dc1.example.com")
	f.StringVar(&d.base, "base", "", "where in it to search, such as DC=example,DC=com")
	f.StringVar(&d.bind, "bind", "", "distinguished name to bind as; the password is in DIRECTORY_PASSWORD")
	ca := f.String("ca", "", "PEM `file` with the certificate authority of the directory (default: those of the system)")
	if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}

	log := slog.New(slog.NewTextHandler(stderr, nil))
	a.never = strings.FieldsFunc(*never, func(c rune) bool { return c == ',' })
	a.pause = *retry
	var err error
	switch {
	case f.NArg() > 0: // flags after it were not read
		err = usageError{fmt.Errorf("%q is no flag: a list has no spaces", f.Arg(0))}
	case *sample:
		err = demo(ctx, &r, &a, log)
	case a.act && (d.url == "" || r.domain == "" && *accounts == ""):
		err = usageError{errors.New("-act needs -directory, and -domain or -accounts")}
	default:
		err = errors.Join(a.open(*data), r.open(filepath.Join(*data, "learned.json"), *accounts))
		if err == nil && d.url != "" {
			a.directory = &d
			err = d.open(*ca, lookup, log)
		}
		if err != nil {
			err = usageError{err}
			break
		}
		err = serve(ctx, *addr, filepath.Join(*data, "actions"), *retry, &r, &a, lookup, log)
	}
	if err != nil {
		log.Error("suspicious: " + err.Error())
		if errors.As(err, new(usageError)) {
			return 2
		}
		return 1
	}
	return 0
}

// A usageError is in what the program was started with.
type usageError struct{ error }

// serve receives events until ctx is done. The rules see each event before it is answered.
// What they find is stored first: an action is tried again until the directory has taken
// it, also after a restart.
func serve(ctx context.Context, addr, dir string, retry time.Duration, r *rules, a *action, lookup lookupEnv, log *slog.Logger) error {
	mux := http.NewServeMux()
	served, err := endpoints(mux, r, lookup, log)
	switch {
	case err != nil:
		return usageError{err}
	case served == 0:
		return usageError{errors.New("set USERLOCK_IDS, UNLOC_CREDENTIALS, RELOCK_SECRETS or LOGINRADIUS_SECRETS")}
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	store, err := embedded.Open(ctx, embedded.Config{Dir: dir, Config: durable.Config{
		// What is stored has no payload.
		Payloads: cloudevent.Payloads{userlock.Vendor: nil, unloc.Vendor: nil, relock.Vendor: nil, loginradius.Vendor: nil},
		Shards:   1, // actions are few, and done one at a time
		Logger:   log,
	}})
	if err != nil {
		listener.Close()
		return err
	}
	r.next = store
	go r.keepSaving(ctx, log)
	log.Info("listening", "addr", listener.Addr().String(), "act", a.act)
	err = durable.ServeConfig{
		Server: &http.Server{
			Handler: mux, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn), MaxHeaderBytes: 8192,
			ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 45 * time.Second, IdleTimeout: time.Minute,
		},
		Listener: listener,
		Store:    store,
		Events:   a,
		// An action that is done twice is harmless.
		Consumer: durable.Consumer{Delay: retry, Lease: 5 * time.Second},
	}.Serve(ctx)
	return errors.Join(err, r.save())
}
