package main_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
	"github.com/accesshook/accesshook/examples/internal/vendors"
)

// What examples/send sends of every vendor, the gateway takes: each event, once. What was
// changed on the way it refuses.
func TestSendToTheGateway(t *testing.T) {
	// go test keeps results, and looks only at the directories that a test opens.
	for _, dir := range []string{"../send", "../send/internal/jsonedit", "../internal/capture"} {
		_, err := os.ReadDir(dir)
		require.NoError(t, err)
	}
	send := filepath.Join(t.TempDir(), "send")
	gatewaytest.Execute(t, "", "go", "build", "-o", send, "github.com/accesshook/accesshook/examples/send")
	secrets := map[string]string{
		"userlock":    gatewaytest.CanaryID,
		"unloc":       "gate:canary-unloc-password",
		"relock":      gatewaytest.RelockSecret,
		"loginradius": "canary-loginradius-secret",
	}
	var env []string
	for _, v := range vendors.All {
		env = append(env, v.Variable.Name+"="+secrets[v.Name])
	}
	for _, v := range vendors.All {
		t.Run(v.Name, func(t *testing.T) {
			p := gatewaytest.Start(t, env)
			n := len(v.Types())
			for _, test := range []struct {
				args   string
				status string
				sent   int
			}{{"-tamper", "401", n}, {"-duplicate", "200", 2 * n}} {
				cmd := exec.CommandContext(t.Context(), send, "-vendor", v.Name, "-url", p.URL, "-json", test.args)
				cmd.Env = env
				var stderr strings.Builder
				cmd.Stderr = &stderr
				stdout, err := cmd.Output()
				require.NoError(t, err, "%s%s", stdout, &stderr)
				gatewaytest.RequireNoSecret(t, string(stdout), stderr.String())
				var summary struct {
					Events, Unexpected int
					Statuses           map[string]int
				}
				require.NoError(t, json.Unmarshal(stdout, &summary))
				assert.Equal(t, n, summary.Events)
				assert.Zero(t, summary.Unexpected)
				assert.Equal(t, map[string]int{test.status: test.sent}, summary.Statuses)
			}
			p.RequireMetrics(p.URL, map[string]float64{`accesshook_duplicates_total{endpoint="` + v.Name + `"}`: float64(n)})
			p.Stop()

			types, ids := make(map[string]event.Type), make(map[string]bool)
			for _, e := range p.Events() {
				assert.Equal(t, v.Name, e.Vendor)
				assert.Empty(t, e.Warnings)
				types[e.VendorType] = e.Type
				assert.False(t, ids[e.ID], "ID %s", e.ID)
				ids[e.ID] = true
			}
			assert.Len(t, ids, n)
			if diff := cmp.Diff(v.Types(), types); diff != "" {
				t.Errorf("events (-documented +written):\n%s", diff)
			}
		})
	}
}
