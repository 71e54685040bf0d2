// Command siem sends the events of UserLock and Relock to a SIEM: to a file, by syslog, and to
// Elasticsearch. Each way is a file of some lines to copy.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/server"
	"github.com/accesshook/accesshook/userlock"
)

func main() {
	demo := flag.Bool("demo", false, "print what sample events become")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if *demo {
		err = runDemo(ctx, os.Stdout)
	} else {
		err = runService(ctx)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func runService(ctx context.Context) error {
	ids, err1 := envsecret.Variable{Name: "USERLOCK_IDS"}.Read()
	secrets, err2 := envsecret.Variable{Name: "RELOCK_SECRETS"}.Read()
	key, err3 := envsecret.Variable{Name: "SIEM_ELASTICSEARCH_KEY"}.Read()
	syslog, err4 := address("SIEM_SYSLOG", "tcp", "tls")
	search, err5 := address("SIEM_ELASTICSEARCH", "http", "https")
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		return err
	}
	for _, warning := range slices.Concat(ids.Warnings, secrets.Warnings, key.Warnings) {
		slog.Warn(warning)
	}
	var to []event.Handler
	if path := os.Getenv("SIEM_FILE"); path != "" {
		format := cmp.Or(os.Getenv("SIEM_FILE_FORMAT"), "ecs")
		if formats[format] == nil {
			return errors.New("SIEM_FILE_FORMAT must be ecs, ocsf or cef")
		}
		to = append(to, toFile(path, format))
	}
	if syslog != nil {
		if syslog.Port() == "" {
			return errors.New("SIEM_SYSLOG has no port")
		}
		to = append(to, toSyslog(syslog))
	}
	if search != nil {
		if len(key.Secrets) > 1 {
			return fmt.Errorf("%s has %d keys, and Elasticsearch is sent one", key.Source, len(key.Secrets))
		}
		if search.Scheme == "http" && key.Source != "" && search.Hostname() != "localhost" && search.Hostname() != "127.0.0.1" {
			return errors.New("SIEM_ELASTICSEARCH must be https: it is sent a key")
		}
		to = append(to, toElasticsearch(search, append(key.Secrets, event.Secret{})[0]))
	}
	if to == nil {
		return errors.New("set SIEM_FILE, SIEM_SYSLOG or SIEM_ELASTICSEARCH")
	}
	l, err := net.Listen("tcp", cmp.Or(os.Getenv("SIEM_ADDR"), "127.0.0.1:8080"))
	if err != nil {
		return err
	}
	return serve(ctx, l, ids.Secrets, secrets.Secrets, to)
}

// address reads a URL, nil if there is none. Its error does not show it.
func address(name string, schemes ...string) (*url.URL, error) {
	text := os.Getenv(name)
	if text == "" {
		return nil, nil
	}
	u, err := url.Parse(text)
	if err != nil || !slices.Contains(schemes, u.Scheme) || u.Host == "" || u.User != nil {
		return nil, fmt.Errorf("%s is not a URL that begins with %s://, and without a user", name, strings.Join(schemes, ":// or "))
	}
	return u, nil
}

// serve sends events to each of to until ctx is done. One that is down holds up no other.
func serve(ctx context.Context, l net.Listener, ids, secrets []event.Secret, to []event.Handler) error {
	defer l.Close()
	logons, err1 := userlock.New(userlock.Config{IDs: ids})
	sessions, err2 := relock.New(relock.Config{Secrets: secrets})
	if err := errors.Join(err1, err2); err != nil {
		return fmt.Errorf("USERLOCK_IDS, RELOCK_SECRETS: %w", err)
	}
	events := event.NewMux()
	var queues []*event.Queue
	for _, h := range to {
		retry, dedupe := event.Retry(event.RetryConfig{Attempts: 20}), event.Dedupe(event.DedupeConfig{})
		queue := event.NewQueue(retry(dedupe(h)), event.QueueConfig{})
		queues = append(queues, queue)
		events.Handle("*", queue)
	}
	mux := http.NewServeMux()
	mux.Handle("/webhooks/userlock", logons.Handler(events))
	mux.Handle("/webhooks/relock", sessions.Handler(events))
	err := server.New(server.Config{Handler: mux}).Run(ctx, l)
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 25*time.Second)
	defer cancel()
	errs := []error{err}
	for _, queue := range queues {
		left, err := queue.Shutdown(grace)
		for _, e := range left {
			slog.Error("not sent", "event", e)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
