// Package demo plays the vendors: it sends every event that they document to the
// gateway, about invented people and doors.
package demo

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/examples/internal/vendors"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"
	"github.com/accesshook/accesshook/verify"
)

// A Demo has random secrets of its own, by vendor.
type Demo map[string]string

// unlocUser is the user for Unloc. The secret of Unloc is the password.
const unlocUser = "demo"

// New returns a demo.
func New() Demo {
	return Demo{userlock.Vendor: vendors.RandomGUID(), unloc.Vendor: rand.Text(), relock.Vendor: rand.Text(), loginradius.Vendor: rand.Text()}
}

// Credentials returns the credentials of a vendor. A nil Demo has none.
func (d Demo) Credentials(vendor string) envsecret.Values {
	switch secret, ok := d[vendor]; {
	case !ok:
		return envsecret.Values{}
	case vendor == unloc.Vendor:
		return envsecret.Values{Credentials: []verify.Credential{verify.NewCredential(unlocUser, secret)}}
	default:
		return envsecret.Values{Secrets: event.Secrets(secret)}
	}
}

// Curl returns a command that sends an event to the gateway at base. It has the password
// of this demo, which is worth nothing after it.
func (d Demo) Curl(base string) string {
	return fmt.Sprintf(`curl -u %s:%s -d '{"action":"unlocked","lockName":"My door","userName":"Me"}' %s`,
		unlocUser, d[unloc.Vendor], base+"/webhooks/"+unloc.Vendor)
}

// Send sends all events to the gateway at base, spread over the given time, and returns
// how many it sent. It stops with an error at the first that is not answered 200, and
// without one when ctx is done.
func (d Demo) Send(ctx context.Context, base string, over time.Duration) (sent int, err error) {
	// Without a proxy: the gateway sends to itself.
	return d.send(ctx, &http.Transport{}, base, over)
}

func (d Demo) send(ctx context.Context, transport *http.Transport, base string, over time.Duration) (sent int, err error) {
	client := &http.Client{Transport: transport, Timeout: 10 * time.Second}
	defer client.CloseIdleConnections()
	began := time.Now()
	for _, next := range d.deliveries() {
		select {
		case <-time.After(time.Until(began.Add(time.Duration(next.at * float64(over))))):
		case <-ctx.Done():
			return sent, nil
		}
		r, err := next.request(ctx, base, time.Now().UTC().Truncate(time.Millisecond))
		if err == nil {
			err = post(client, r)
		}
		switch {
		case ctx.Err() != nil:
			return sent, nil
		case err != nil:
			return sent, err
		}
		sent++
	}
	return sent, nil
}

// A delivery is one request of the demo.
type delivery struct {
	at      float64 // when, between 0 and 1
	request func(ctx context.Context, base string, now time.Time) (*http.Request, error)
}

// deliveries returns all requests in the order in which they are sent. The events of each
// vendor are spread evenly. A payload is made when it is sent, so that it has the time of
// that.
func (d Demo) deliveries() (all []delivery) {
	for _, v := range vendors.All {
		n := len(v.Payloads(time.Time{}))
		for i := range n {
			all = append(all, delivery{(float64(i) + .5) / float64(n), func(ctx context.Context, base string, now time.Time) (*http.Request, error) {
				return v.Request(ctx, base+v.Path(), d.Credentials(v.Name), v.Payloads(now)[i])
			}})
		}
	}
	slices.SortStableFunc(all, func(a, b delivery) int { return cmp.Compare(a.at, b.at) })
	return all
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

// Reachable returns an address at which this machine can reach a listener. Not every
// system can dial the address of a listener on all interfaces.
func Reachable(addr net.Addr) string {
	if a, ok := addr.(*net.TCPAddr); ok && a.IP.IsUnspecified() {
		return fmt.Sprintf("127.0.0.1:%d", a.Port)
	}
	return addr.String()
}
