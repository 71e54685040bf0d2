package app

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// The log says once that the gateway is not ready, and once that it is again.
func TestReadinessIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		var reason atomic.Pointer[error]
		var text strings.Builder
		log := slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}}))
		reason.Store(new(error))
		go logReadiness(ctx, func() error { return *reason.Load() }, log)
		for _, err := range []error{nil, errors.New("full"), errors.New("gone"), nil, nil, errors.New("full")} {
			reason.Store(&err)
			time.Sleep(2 * readyEvery)
			synctest.Wait()
		}
		stop()
		reason.Store(new(error))
		time.Sleep(2 * readyEvery)
		assert.Equal(t, `level=WARN msg="not ready: /readyz answers 503" reason=full
level=INFO msg="ready again"
level=WARN msg="not ready: /readyz answers 503" reason=full
`, text.String())
	})
}
