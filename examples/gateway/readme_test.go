package main_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
)

// The test runs the recipe of the README with another address.
func TestReadmeRecipe(t *testing.T) {
	gatewaytest.Needs(t, "sh", "curl", "openssl")
	const secret = "canary relock secret"
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	recipe := regexp.MustCompile("(?s)```sh\n(.*?)```").FindSubmatch(readme)
	require.NotNil(t, recipe)

	p := gatewaytest.Start(t, []string{"RELOCK_SECRETS=" + secret})
	script := string(recipe[1])
	require.Contains(t, script, "http://127.0.0.1:8080/")
	script = strings.ReplaceAll(script, "http://127.0.0.1:8080/", p.URL+"/")

	shell := exec.CommandContext(t.Context(), "sh", "-euc", script)
	shell.Dir = t.TempDir()
	shell.Env = append(os.Environ(), "RELOCK_SECRETS="+secret, "no_proxy=127.0.0.1")
	var stderr strings.Builder
	shell.Stderr = &stderr
	out, err := shell.Output()
	require.NoError(t, err, "%s", &stderr)
	assert.Equal(t, gatewaytest.Received, string(out))

	p.Stop()
	events := p.Events()
	require.Len(t, events, 1)
	assert.Equal(t, "s-1", events[0].Session.ID)
}
