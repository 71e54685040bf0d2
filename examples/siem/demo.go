package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/examples/internal/vendors"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/userlock"
)

// sample is a morning.
var sample = []any{
	userlock.Notification{EventType: "1", EventTime: morning(0), UserAccount: `EXAMPLE\aokoye`, ComputerName: "DESK-21", ClientAddress: "192.0.2.21", SessionID: "11"},
	userlock.Notification{EventType: "20", EventTime: morning(5), UserAccount: `EXAMPLE\blund`, ComputerName: "DESK-40", ClientAddress: "198.51.100.7"},
	relock.SecurityAlert{UserID: "u-cmoe", Timestamp: morning(9), AlertType: "impossible_travel", Severity: "high", Description: "logons in two countries"},
}

func morning(minute int) time.Time { return time.Date(2026, 3, 27, 8, minute, 0, 0, time.UTC) }

// runDemo sends the sample to a service of its own, and prints what three receivers got.
func runDemo(ctx context.Context, w io.Writer) error {
	slog.SetLogLoggerLevel(slog.LevelWarn)
	dir, err := os.MkdirTemp("", "siem")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "events.json")
	messages, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer messages.Close()
	received := make(chan []string, 1)
	go func() { received <- readMessages(messages, len(sample)) }()
	var documents documentServer
	search := httptest.NewServer(&documents)
	defer search.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	userlockID, secret := vendors.RandomGUID(), rand.Text()
	serving, stop := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() {
		served <- serve(serving, l, event.Secrets(userlockID), event.Secrets(secret), []event.Handler{
			toFile(file, "ocsf"),
			toSyslog(&url.URL{Scheme: "tcp", Host: messages.Addr().String()}),
			toElasticsearch(&url.URL{Scheme: "http", Host: search.Listener.Addr().String()}, event.Secret{}),
		})
	}()
	err = sendSample(ctx, "http://"+l.Addr().String(), userlockID, secret)
	stop() // what was accepted is still sent
	if err := errors.Join(err, <-served); err != nil {
		return err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "file, OCSF:\n%s\n", text)
	fmt.Fprintf(w, "syslog, CEF:\n%s\n\n", strings.Join(<-received, "\n"))
	fmt.Fprintf(w, "Elasticsearch, ECS:\n%s", strings.Join(documents.requests, ""))
	return nil
}

func sendSample(ctx context.Context, base, userlockID, secret string) error {
	for _, payload := range sample {
		r, err := relock.NewRequest(ctx, base+"/webhooks/relock", secret, payload)
		if _, ok := payload.(userlock.Notification); ok {
			r, err = userlock.NewRequest(ctx, base+"/webhooks/userlock", userlockID, payload)
		}
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			return err
		}
		if err := res.Body.Close(); err != nil || res.StatusCode != http.StatusOK {
			return fmt.Errorf("answered %s: %w", res.Status, err)
		}
	}
	return nil
}

// readMessages plays a syslog receiver: it reads n messages with the count of their octets.
func readMessages(l net.Listener, n int) (messages []string) {
	conn, err := l.Accept()
	if err != nil {
		return nil
	}
	defer conn.Close()
	_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
	for r := bufio.NewReader(conn); len(messages) < n; {
		var octets int
		if _, err := fmt.Fscanf(r, "%d ", &octets); err != nil {
			return messages
		}
		message := make([]byte, octets)
		if _, err := io.ReadFull(r, message); err != nil {
			return messages
		}
		messages = append(messages, string(message))
	}
	return messages
}

// A documentServer plays Elasticsearch.
type documentServer struct {
	mu       sync.Mutex
	requests []string
}

func (s *documentServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, string(body))
	_, _ = io.WriteString(w, `{"errors":false,"items":[{"create":{"status":201}}]}`)
}
