// Command frameworks has the webhook's middleware around a handler of one's own, in net/http,
// chi, echo and gin, and the function that a function service calls: a file each, to copy.
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/gin-gonic/gin"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/server"
	"github.com/accesshook/accesshook/verify"
)

var frameworks = []struct {
	name string
	with func(*verify.Endpoint) http.Handler
}{
	{"nethttp", withNetHTTP}, {"chi", withChi}, {"echo", withEcho}, {"gin", withGin}, {"function", withFunction},
}

func main() {
	demo := flag.Bool("demo", false, "send an event to each")
	with := flag.String("with", "nethttp", "`framework`: nethttp, chi, echo, gin or function")
	flag.Parse()
	gin.SetMode(gin.ReleaseMode)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if *demo {
		err = runDemo(ctx, os.Stdout)
	} else {
		err = runService(ctx, *with)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func runService(ctx context.Context, with string) error {
	hook, err := relock.New(relock.Config{Secrets: event.Secrets(os.Getenv("RELOCK_WEBHOOK_SECRET"))})
	if err != nil {
		return fmt.Errorf("RELOCK_WEBHOOK_SECRET: %w", err)
	}
	for _, f := range frameworks {
		if f.name == with {
			l, err := net.Listen("tcp", cmp.Or(os.Getenv("FRAMEWORKS_ADDR"), "127.0.0.1:8080"))
			if err != nil {
				return err
			}
			return server.New(server.Config{Handler: f.with(hook)}).Run(ctx, l)
		}
	}
	return fmt.Errorf("-with %s: there is no such framework here", with)
}

// runDemo sends a right and a wrong signature to each.
func runDemo(ctx context.Context, w io.Writer) error {
	slog.SetLogLoggerLevel(slog.LevelError)
	secret := rand.Text()
	hook, err := relock.New(relock.Config{Secrets: event.Secrets(secret)})
	if err != nil {
		return err
	}
	for _, f := range frameworks {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		serving, stop := context.WithCancel(ctx)
		served := make(chan error, 1)
		go func() { served <- server.New(server.Config{Handler: f.with(hook)}).Run(serving, l) }()
		for _, s := range []string{secret, rand.Text()} {
			status, body, sendErr := send(ctx, "http://"+l.Addr().String()+"/webhooks/relock", s)
			err = errors.Join(err, sendErr)
			fmt.Fprintf(w, "%-8s %d %s\n", f.name, status, body)
		}
		stop()
		if err := errors.Join(err, <-served); err != nil {
			return err
		}
	}
	return nil
}

func send(ctx context.Context, url, secret string) (status int, body []byte, err error) {
	r, err := relock.NewRequest(ctx, url, secret, &relock.SessionCreated{UserID: "u-ada"})
	if err != nil {
		return 0, nil, err
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	body, err = io.ReadAll(res.Body)
	return res.StatusCode, body, err
}
