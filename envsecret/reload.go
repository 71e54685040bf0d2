package envsecret

import (
	"context"
	"fmt"
	"log/slog"
	"os"
)

// A Reloadable is a user of secrets that takes new ones while it runs.
type Reloadable struct {
	Variable Variable
	// Replace takes secrets into use, such as by SetVerifier of an endpoint. If it
	// returns an error, it has left the old ones in use.
	Replace func(Values) error
}

// Reload reads secrets in files again on each signal, such as SIGHUP, and returns when ctx
// is done or signals is closed. If the new ones of a Reloadable cannot be read, or Replace
// refuses them, its old ones stay; that does not keep the others back. Secrets in variables
// are left as they are, since a running process does not get a new environment.
//
// It logs the outcome of each, with the warnings, and calls one Replace after another. Make
// signals with a buffer before the first Read: then a signal that arrives meanwhile is not
// lost.
func Reload(ctx context.Context, signals <-chan os.Signal, log *slog.Logger, all ...Reloadable) {
	for {
		select {
		case <-ctx.Done():
			return
		case _, open := <-signals:
			if !open {
				return
			}
			reloadAll(log, all)
		}
	}
}

func reloadAll(log *slog.Logger, all []Reloadable) {
	found := false
	for _, r := range all {
		if !r.Variable.inFile() {
			continue
		}
		found = true
		values, err := r.reload()
		if err != nil {
			log.Error("cannot read secrets again, the old ones stay", "variable", r.Variable.fileName(), "error", err)
			continue
		}
		log.Info("read secrets again", "variable", values.Source)
		for _, warning := range values.Warnings {
			log.Warn(warning)
		}
	}
	if !found {
		log.Info("there are no secrets to read again: no _FILE variable is set")
	}
}

func (r Reloadable) reload() (Values, error) {
	values, err := r.Variable.Read()
	if err != nil {
		return Values{}, err
	}
	if err := r.Replace(values); err != nil {
		return Values{}, fmt.Errorf("%s: %w", values.Source, err)
	}
	return values, nil
}
