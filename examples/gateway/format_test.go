package main_test

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
)

var demoSent = regexp.MustCompile(`every event was sent and accepted" events=(\d+)`)

// Every event of the demo has a line in each form, of its own. Those that have none in ASIM
// are counted.
func TestFormatsOfTheDemo(t *testing.T) {
	for _, format := range []string{"cloudevents", "ecs", "ocsf", "cef", "asim"} {
		t.Run(format, func(t *testing.T) {
			p := gatewaytest.Start(t, nil, "-demo", "-demo-fast", "-format", format)
			p.Eventually("the demo has not ended", func() bool { return demoSent.MatchString(p.Stderr.String()) })
			sent, err := strconv.Atoi(demoSent.FindStringSubmatch(p.Stderr.String())[1])
			require.NoError(t, err)
			series, _ := p.Metrics(p.URL)
			written := 0
			for line := range strings.Lines(p.Stdout.String()) {
				written++
				assert.Equal(t, format != "cef", json.Valid([]byte(line)), line)
				assert.Equal(t, format == "cef", strings.HasPrefix(line, "CEF:0|"), line)
			}
			assert.Equal(t, sent, written+int(series["accesshook_output_left_out_total"]))
			assert.Equal(t, format == "asim", written < sent)
			assert.Positive(t, written)
		})
	}
}
