package detections

import (
	"context"
	"net/http/httptest"
	"time"

	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/examples/internal/vendors"
	"github.com/accesshook/accesshook/verify"
)

// A Report is what a vendor sends when something has happened.
type Report struct {
	Vendor  string
	Time    time.Time
	Payload any
}

// Events sends reports to the endpoints of their vendors, and returns what these make of
// them.
func Events(ctx context.Context, reports []Report) ([]*event.Event, error) {
	credentials := envsecret.Values{
		Secrets:     event.Secrets(vendors.RandomGUID()),
		Credentials: []verify.Credential{verify.NewCredential("gate", vendors.RandomGUID())},
	}
	endpoints := make(map[string]*verify.Endpoint)
	for _, v := range vendors.All {
		hook, err := v.New(credentials, verify.Config{})
		if err != nil {
			return nil, err
		}
		endpoints[v.Name] = hook
	}
	var events []*event.Event
	for _, report := range reports {
		v, _ := vendors.Named(report.Vendor)
		r, err := v.Request(ctx, "http://receiver"+v.Path(), credentials, report.Payload)
		if err != nil {
			return nil, err
		}
		e, err := endpoints[v.Name].Receive(httptest.NewRecorder(), r)
		if err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	return events, nil
}
