package app

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"

	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/examples/gateway/internal/receive"
	"github.com/accesshook/accesshook/examples/gateway/internal/settings"
	"github.com/accesshook/accesshook/examples/internal/vendors"
	"github.com/accesshook/accesshook/verify"
)

// newEndpoints returns an endpoint for each vendor with credentials, in the environment or
// of the demo.
func (g *gateway) newEndpoints() (endpoints []*receive.Endpoint, err error) {
	config := g.Settings.Endpoint
	config.Logger = g.log
	if g.recorder != nil {
		config.Observe = g.recorder.Observe
	}
	for _, v := range vendors.All {
		credentials := g.credentials(v.Name, g.Secrets.Vendors[v.Name])
		if len(credentials.Secrets)+len(credentials.Credentials) == 0 {
			g.unserved = append(g.unserved, v)
			continue
		}
		g.hide(v.Name, credentials)
		e, err := receive.NewEndpoint(v, credentials, config, g.metrics)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", credentials.Source, err)
		}
		if g.recorder != nil {
			g.recorder.Add(v.Name)
		}
		endpoints = append(endpoints, e)
	}
	return endpoints, nil
}

// credentials returns the values of a vendor's variable, and those of the demo.
func (g *gateway) credentials(vendor string, v envsecret.Values) envsecret.Values {
	own := g.demo.Credentials(vendor)
	v.Secrets = append(v.Secrets[:len(v.Secrets):len(v.Secrets)], own.Secrets...)
	v.Credentials = append(v.Credentials[:len(v.Credentials):len(v.Credentials)], own.Credentials...)
	return v
}

// reload reads secrets in files again on each signal, until ctx is done.
func (g *gateway) reload(ctx context.Context, signals <-chan os.Signal) {
	var all []envsecret.Reloadable
	for _, v := range vendors.All {
		for _, e := range g.endpoints {
			if e.Vendor() == v.Name {
				replace := g.replacing(v.Name, g.credentials(v.Name, g.Secrets.Vendors[v.Name]), e.SetCredentials)
				all = append(all, envsecret.Reloadable{Variable: v.Variable, Replace: func(values envsecret.Values) error {
					return replace(g.credentials(v.Name, values))
				}})
			}
		}
	}
	if g.login != nil {
		all = append(all, envsecret.Reloadable{
			Variable: settings.AdminVariable,
			Replace:  g.replacing(settings.AdminVariable.Name, g.Secrets.Admin, g.login.set),
		})
	}
	for i, s := range g.Sinks.Used {
		if s.Credentials.Source != "" {
			all = append(all, envsecret.Reloadable{Variable: s.Variable, Replace: g.sinks[i].SetCredentials})
		}
	}
	envsecret.Reload(ctx, signals, g.log, all...)
}

// replacing returns set, and has recordings hide credentials before they are set. If they
// are refused, those in use are the newest that are hidden again: of others only some are.
func (g *gateway) replacing(variable string, inUse envsecret.Values, set func(envsecret.Values) error) func(envsecret.Values) error {
	return func(next envsecret.Values) error {
		g.hide(variable, next)
		if err := set(next); err != nil {
			g.hide(variable, inUse)
			return err
		}
		inUse = next
		return nil
	}
}

// A login has the accounts for the admin paths.
type login struct {
	current atomic.Pointer[accounts]
}

// accounts may log in while valid is not done.
type accounts struct {
	auth  *verify.BasicAuth
	valid context.Context
	end   context.CancelFunc
}

// newLogin returns nil if there are no credentials.
func newLogin(v envsecret.Values) (*login, error) {
	if v.Source == "" {
		return nil, nil
	}
	l := new(login)
	if err := l.set(v); err != nil {
		return nil, fmt.Errorf("%s: %w", v.Source, err)
	}
	return l, nil
}

func (l *login) set(v envsecret.Values) error {
	auth, err := verify.NewBasicAuth(v.Credentials...)
	if err != nil {
		return err
	}
	next := &accounts{auth: auth}
	next.valid, next.end = context.WithCancel(context.Background())
	if old := l.current.Swap(next); old != nil {
		old.end()
	}
	return nil
}

func (l *login) get() (*verify.BasicAuth, context.Context) {
	a := l.current.Load()
	return a.auth, a.valid
}

// announceVendors logs which vendors are served, and which are not and why.
func (g *gateway) announceVendors(base string) {
	for _, e := range g.endpoints {
		g.log.Info("serving", slog.String("vendor", e.Vendor()), slog.String("url", base+e.Path()))
	}
	for _, v := range g.unserved {
		g.log.Info("not served", slog.String("vendor", v.Name), slog.String("missing", v.Variable.Name))
	}
}
