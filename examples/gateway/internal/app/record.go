package app

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/examples/gateway/internal/record"
	"github.com/accesshook/accesshook/examples/gateway/internal/settings"
)

// newRecorder makes the recorder of -record, if that is set, and opens nothing.
func (g *gateway) newRecorder() error {
	if g.Settings.Record == "" {
		return nil
	}
	if err := record.Check(g.Settings.Record); err != nil {
		return fmt.Errorf("-record: %w", err)
	}
	g.recorder = record.New(record.Config{Dir: g.Settings.Record, Registry: g.metrics.Registry, Log: g.log})
	g.hide(settings.AdminVariable.Name, g.Secrets.Admin)
	return nil
}

// hide has recordings hide credentials that are about to be used.
func (g *gateway) hide(variable string, v envsecret.Values) {
	if g.recorder != nil {
		g.recorder.SetCredentials(variable, v)
	}
}

// recorded returns the handler of an endpoint, with the recorder around it if there is one.
func (g *gateway) recorded(endpoint http.Handler) http.Handler {
	if g.recorder == nil {
		return endpoint
	}
	return g.recorder.Handler(endpoint)
}

// finishRecordings writes the last recordings.
func (g *gateway) finishRecordings() {
	if g.recorder != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		g.recorder.Close(ctx)
	}
}
