package main_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
	"github.com/accesshook/accesshook/internal/encodertest"
	"github.com/accesshook/accesshook/internal/encodertest/ecsschema"
	"github.com/accesshook/accesshook/internal/encodertest/ocsfschema"
)

// Every line that the demo writes is valid against the official schemas.
func TestSchemas(t *testing.T) {
	elastic, open := ecsschema.Read(t), ocsfschema.Read(t)
	for format, check := range map[string]func(t *testing.T, document map[string]any){
		"ecs":  func(t *testing.T, document map[string]any) { elastic.Check(t, document) },
		"ocsf": func(t *testing.T, document map[string]any) { assert.Empty(t, open.Check(document)) },
	} {
		t.Run(format, func(t *testing.T) {
			g := gatewaytest.Start(t, nil, "-demo", "-demo-fast", "-format", format)
			g.Eventually("the end of the demo", func() bool { return strings.Contains(g.Stderr.String(), "every event was sent and accepted") })
			g.Stop()
			lines := strings.SplitAfter(strings.TrimSuffix(g.Stdout.String(), "\n"), "\n")
			require.Greater(t, len(lines), 60)
			for _, line := range lines {
				check(t, encodertest.JSON(t, []byte(line)))
			}
		})
	}
}
