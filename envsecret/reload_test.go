package envsecret_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/event"
)

// A holder notes the secrets that it gets, and refuses them if they are bad.
type holder struct{ got [][]event.Secret }

func (h *holder) replace(v envsecret.Values) error {
	if v.Secrets[0].Equal(event.NewSecret("canary-bad")) {
		return errors.New("the secret is bad")
	}
	h.got = append(h.got, v.Secrets)
	return nil
}

// newLog returns a log without times.
func newLog() (*slog.Logger, *bytes.Buffer) {
	var b bytes.Buffer
	return slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})), &b
}

func TestReload(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "canary")
	files := map[string]string{"A_FILE": writeFile(t, "canary-1\n"), "B_FILE": writeFile(t, "canary-bad\n"), "C_FILE": missing, "D": "canary-4"}
	var a, b, c, d holder
	var all []envsecret.Reloadable
	for name, h := range map[string]*holder{"A": &a, "B": &b, "C": &c, "D": &d} {
		all = append(all, envsecret.Reloadable{Variable: envsecret.Variable{Name: name, LookupEnv: environment(files)}, Replace: h.replace})
	}
	log, text := newLog()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		signals := make(chan os.Signal)
		stopped := false
		go func() {
			envsecret.Reload(ctx, signals, log, all...)
			stopped = true
		}()
		synctest.Wait()
		assert.Empty(t, a.got, "before the first signal")

		signals <- syscall.SIGHUP
		synctest.Wait()
		assert.Contains(t, text.String(), `level=INFO msg="read secrets again" variable=A_FILE`)
		assert.Contains(t, text.String(), `level=ERROR msg="cannot read secrets again, the old ones stay" variable=B_FILE error="B_FILE: the secret is bad"`)
		assert.Contains(t, text.String(), `level=ERROR msg="cannot read secrets again, the old ones stay" variable=C_FILE error="C_FILE: cannot read the file: no such file or directory"`)

		require.NoError(t, os.WriteFile(files["A_FILE"], []byte("'canary-2'\ncanary-3"), 0o600))
		require.NoError(t, os.WriteFile(files["B_FILE"], []byte("canary-5"), 0o600))
		signals <- syscall.SIGHUP
		synctest.Wait()
		assert.Contains(t, text.String(), `level=WARN msg="A_FILE: entry 1 begins or ends with a quotation mark, which counts as part of it"`)
		assert.False(t, stopped)
		stop()
		synctest.Wait()
		assert.True(t, stopped)
	})
	assert.NotContains(t, text.String(), "canary")
	for name, diff := range map[string]string{
		"A": cmp.Diff([][]event.Secret{event.Secrets("canary-1"), event.Secrets("'canary-2'", "canary-3")}, a.got),
		"B": cmp.Diff([][]event.Secret{event.Secrets("canary-5")}, b.got),
		"C": cmp.Diff([][]event.Secret(nil), c.got),
		"D": cmp.Diff([][]event.Secret(nil), d.got),
	} {
		assert.Empty(t, diff, name)
	}
}

func TestReloadWithoutFiles(t *testing.T) {
	signals := make(chan os.Signal, 1)
	signals <- syscall.SIGHUP
	close(signals)
	log, text := newLog()
	var h holder
	envsecret.Reload(t.Context(), signals, log, envsecret.Reloadable{
		Variable: envsecret.Variable{Name: "X", LookupEnv: environment(map[string]string{"X": "canary"})}, Replace: h.replace,
	})
	assert.Equal(t, "level=INFO msg=\"there are no secrets to read again: no _FILE variable is set\"\n", text.String())
	assert.Empty(t, h.got)
}
