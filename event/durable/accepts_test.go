package durable_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
)

// An endpoint whose events the store could not read back is found when the service
// starts, wherever the store is and whatever is around it.
func TestEndpointOfAVendorThatIsNotInPayloads(t *testing.T) {
	t.Parallel()
	known := cloudevent.Payloads{unloc.Vendor: unloc.Decode}
	inDir := open(t, embedded.Config{Config: durable.Config{Payloads: known}})
	onNATS := connectStore(t, startServer(t, t.TempDir()), durable.Config{Payloads: known})
	hook, err := relock.New(relock.Config{Secrets: event.Secrets(secret), Endpoint: quiet})
	require.NoError(t, err)
	for name, h := range map[string]event.Handler{
		"embedded":   inDir,
		"connected":  onNATS,
		"in wrapper": event.Recover(event.Retry(event.RetryConfig{})(inDir)),
	} {
		t.Run(name, func(t *testing.T) {
			panicked := func() (v any) {
				defer func() { v = recover() }()
				hook.Handler(h)
				return nil
			}()
			require.NotNil(t, panicked, "it would be found at the first event")
			assert.Contains(t, panicked, `vendor "relock"`)
			assert.Contains(t, panicked, "durable: Config.Payloads")
		})
	}
	served, err := vendors[unloc.Vendor].hook(quiet)
	require.NoError(t, err)
	assert.NotPanics(t, func() { served.Handler(inDir) })
	require.NoError(t, inDir.AcceptsVendor(unloc.Vendor))
}
