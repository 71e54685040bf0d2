package main

import (
	"flag"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

// The test runs the recipe of the README with another address.
func TestReadmeRecipe(t *testing.T) {
	needs(t, "sh", "curl", "openssl")
	const secret = "canary relock secret"
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	recipe := regexp.MustCompile("(?s)```sh\n(.*?)```").FindSubmatch(readme)
	require.NotNil(t, recipe)

	p := start(t, []string{"RELOCK_SECRETS=" + secret})
	script := string(recipe[1])
	require.Contains(t, script, "http://127.0.0.1:8080/")
	script = strings.ReplaceAll(script, "http://127.0.0.1:8080/", p.url+"/")

	shell := exec.CommandContext(t.Context(), "sh", "-euc", script)
	shell.Dir = t.TempDir()
	shell.Env = append(os.Environ(), "RELOCK_SECRETS="+secret, "no_proxy=127.0.0.1")
	var stderr strings.Builder
	shell.Stderr = &stderr
	out, err := shell.Output()
	require.NoError(t, err, "%s", &stderr)
	assert.Equal(t, received, string(out))

	p.stop()
	events := p.events()
	require.Len(t, events, 1)
	assert.Equal(t, "s-1", events[0].Session.ID)
}

// The README has every variable and path of the gateway.
func TestReadmeNamesEveryVendor(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	for _, variable := range []string{adminVariable, rawKeysVariable, natsCredentialsVariable} {
		assert.Contains(t, string(readme), "| `"+variable+"` |")
	}
	for _, path := range adminPaths {
		assert.Contains(t, string(readme), "`"+strings.TrimSuffix(path, "/")+"`")
	}
	for _, v := range vendors {
		assert.Contains(t, string(readme), "`"+v.variable+"`")
		assert.Contains(t, string(readme), "`"+webhookPath(v.name)+"`")
	}
}

// The README has every flag and every metric, and no others.
func TestReadmeNamesEveryFlagAndMetric(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	readme := string(text)

	flags := flag.NewFlagSet("gateway", flag.ContinueOnError)
	new(options).define(flags)
	flags.VisitAll(func(f *flag.Flag) { assert.Contains(t, readme, "`-"+f.Name+"`") })

	stored := newPipe(t, done, "-data", t.TempDir())
	stored.start(func(err error) { assert.NoError(t, err) })
	stored.untilPending(0) // its consumer exists
	names := make(map[string]bool)
	for _, m := range []*metrics{newPipe(t, done, "-queue", "1").metrics, stored.metrics} {
		e := m.endpoint("relock")
		e.observe(t.Context(), verify.Observation{Source: "relock", Vendor: "relock", Status: 200, Event: new(event.Event), Received: time.Now()})
		e.observe(t.Context(), verify.Observation{Source: "relock", Vendor: "relock", Status: 401})
		families, err := m.registry.Gather()
		require.NoError(t, err)
		for _, family := range families {
			names[family.GetName()] = true
			assert.Contains(t, readme, "| `"+family.GetName()+"` |")
		}
	}
	assert.Len(t, names, strings.Count(readme, "| `accesshook_"))
}
