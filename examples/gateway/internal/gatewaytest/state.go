package gatewaytest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/examples/gateway/internal/admin"
)

var adminListening = regexp.MustCompile(` admin=(\S+)`)

// Admin returns the URL of the admin address.
func (p *Process) Admin() string {
	p.T.Helper()
	found := adminListening.FindStringSubmatch(p.Stderr.String())
	require.NotNil(p.T, found, "stderr:\n%s", &p.Stderr)
	return "http://" + found[1]
}

// Metrics returns the value of each series, and the whole answer.
func (p *Process) Metrics(url string) (series map[string]float64, text string) {
	p.T.Helper()
	status, text := p.Send(Get(p.T, url+"/metrics"))
	require.Equal(p.T, 200, status)
	series = make(map[string]float64)
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		at := strings.LastIndexByte(line, ' ')
		value, err := strconv.ParseFloat(strings.TrimSpace(line[at+1:]), 64)
		require.NoError(p.T, err)
		series[line[:at]] = value
	}
	return series, text
}

// RequireMetrics waits until the metrics have these values, since a request is counted
// after its answer.
func (p *Process) RequireMetrics(url string, want map[string]float64) {
	p.T.Helper()
	wrong := ""
	defer func() {
		if p.T.Failed() {
			p.T.Log(wrong)
		}
	}()
	p.Eventually("metrics", func() bool {
		got, _ := p.Metrics(url)
		for name, value := range want {
			if got[name] != value {
				wrong = fmt.Sprintf("%s is %v, want %v", name, got[name], value)
				return false
			}
		}
		return true
	})
}

// Health is what operators see on /healthz.
type Health struct {
	Status string
	Reason string
	Time   time.Time
	Uptime float64 // seconds
	admin.Details
}

// Health asks for the details of /healthz.
func (p *Process) Health(url string) (code int, details Health) {
	p.T.Helper()
	code, body := p.Send(Get(p.T, url+"/healthz"))
	require.NoError(p.T, json.Unmarshal([]byte(body), &details), "%s", body)
	return code, details
}
