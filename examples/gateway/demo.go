package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"
)

var errDemo = errors.New("demo")

// A demo plays the vendors. It has random secrets of its own and sends every kind of
// event.
type demo struct {
	userLockID        string
	unlocUser         string
	unlocPassword     string
	relockSecret      string
	loginRadiusSecret string
}

func newDemo() *demo {
	return &demo{
		userLockID:        randomGUID(),
		unlocUser:         "demo",
		unlocPassword:     rand.Text(),
		relockSecret:      rand.Text(),
		loginRadiusSecret: rand.Text(),
	}
}

// randomGUID returns a random UUID, version 4.
func randomGUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// credentials returns the credentials of each vendor, in the form that the environment
// has them. A nil demo has none.
func (d *demo) credentials() map[string][]string {
	if d == nil {
		return nil
	}
	return map[string][]string{
		userlock.Vendor:    {d.userLockID},
		unloc.Vendor:       {d.unlocUser + ":" + d.unlocPassword},
		relock.Vendor:      {d.relockSecret},
		loginradius.Vendor: {d.loginRadiusSecret},
	}
}

// send sends all events to the gateway at addr. It stops with an error at the first
// that is not answered 200, and without one when ctx is done.
func (d *demo) send(ctx context.Context, addr net.Addr, log *slog.Logger) error {
	client := &http.Client{
		Transport: new(http.Transport), // without a proxy: the gateway sends to itself
		Timeout:   10 * time.Second,
	}
	defer client.CloseIdleConnections()
	sent := 0
	for r, err := range d.requests(ctx, "http://"+reachable(addr)) {
		if err == nil {
			err = post(client, r)
		}
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		}
		sent++
	}
	log.Info("demo: every event was sent and accepted", "events", sent)
	return nil
}

func (d *demo) requests(ctx context.Context, base string) iter.Seq2[*http.Request, error] {
	now := time.Now().UTC().Truncate(time.Millisecond)
	return func(yield func(*http.Request, error) bool) {
		url := base + webhookPath(userlock.Vendor)
		for _, payload := range userLockEvents(now) {
			if !yield(userlock.NewRequest(ctx, url, d.userLockID, payload)) {
				return
			}
		}
		url = base + webhookPath(unloc.Vendor)
		for _, payload := range unlocEvents(now) {
			if !yield(unloc.NewRequest(ctx, url, d.unlocUser, d.unlocPassword, payload)) {
				return
			}
		}
		url = base + webhookPath(relock.Vendor)
		for _, payload := range relockEvents(now) {
			if !yield(relock.NewRequest(ctx, url, d.relockSecret, payload)) {
				return
			}
		}
		url = base + webhookPath(loginradius.Vendor)
		for _, payload := range loginRadiusEvents(now) {
			if !yield(loginradius.NewRequest(ctx, url, d.loginRadiusSecret, payload)) {
				return
			}
		}
	}
}

func post(client *http.Client, r *http.Request) error {
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body) // so that the connection is reused
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("POST %s: answered %s", r.URL.Path, answer.Status)
	}
	return nil
}

// reachable returns an address at which this machine can reach a listener. Not every
// system can dial the address of a listener on all interfaces.
func reachable(addr net.Addr) string {
	a, err := netip.ParseAddrPort(addr.String())
	if err != nil || !a.Addr().IsUnspecified() {
		return addr.String()
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), a.Port()).String()
}
