package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	alertsFile    = "../../docs/alerts.yml"
	alertTests    = "../../docs/alerts_test.yml"
	dashboardFile = "../../docs/dashboard.json"
	operationsDoc = "../../docs/operations.md"
	storeDoc      = "../../docs/store.md"
)

func readDoc(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(content)
}

var (
	metricName  = regexp.MustCompile(`\baccesshook_[a-z_]+`)
	metricRow   = regexp.MustCompile("(?m)^\\| `(accesshook_[a-z_]+)` \\|")
	histogramOf = regexp.MustCompile(`_(bucket|sum|count)$`)
)

// The alerts, the dashboard and the manual name no metric that the README does not
// document. (Another test compares the README with /metrics.)
func TestDocsNameDocumentedMetrics(t *testing.T) {
	documented := make(map[string]bool)
	for _, row := range metricRow.FindAllStringSubmatch(readDoc(t, "../README.md"), -1) {
		documented[row[1]] = true
	}
	for _, file := range []string{alertsFile, alertTests, dashboardFile, operationsDoc, storeDoc} {
		names := metricName.FindAllString(readDoc(t, file), -1)
		assert.NotEmpty(t, names, file)
		for _, name := range names {
			assert.Contains(t, documented, histogramOf.ReplaceAllString(name, ""), file)
		}
	}
}

// promtool runs Prometheus's tool, which Debian's package prometheus has.
func promtool(t *testing.T, args ...string) {
	t.Helper()
	path, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("CI") != "" {
			require.NoError(t, err)
		}
		t.Skip("promtool is not installed")
	}
	output, err := exec.Command(path, args...).CombinedOutput()
	assert.NoError(t, err, "%s", output)
}

func TestAlerts(t *testing.T) {
	t.Parallel() // promtool takes some seconds
	promtool(t, "check", "rules", alertsFile)
	promtool(t, "test", "rules", alertTests)
}

var (
	alertOf  = regexp.MustCompile(`(?m)^ +- alert: (\w+)$`)
	testedAs = regexp.MustCompile(`alertname="(\w+)"`)
)

// Every alert fires in a test.
func TestAlertsAreTested(t *testing.T) {
	tested := make(map[string]bool)
	for _, name := range testedAs.FindAllStringSubmatch(readDoc(t, alertTests), -1) {
		tested[name[1]] = true
	}
	alerts := alertOf.FindAllStringSubmatch(readDoc(t, alertsFile), -1)
	require.NotEmpty(t, alerts)
	for _, alert := range alerts {
		assert.Contains(t, tested, alert[1])
	}
}

// These types are what the test needs of a dashboard of Grafana's.
type (
	dashboardSource   struct{ UID string }
	dashboardVariable struct {
		Name, Type string
		Datasource dashboardSource
	}
	dashboardPanel struct {
		ID         int
		Type       string
		Title      string
		Datasource dashboardSource
		Targets    []struct {
			Expr       string
			Datasource dashboardSource
		}
	}
)

// The dashboard can be imported anywhere: its panels use the data source that is chosen,
// and their expressions are valid.
func TestDashboard(t *testing.T) {
	var dashboard struct {
		Templating struct {
			List []dashboardVariable
		}
		Panels []dashboardPanel
	}
	require.NoError(t, json.Unmarshal([]byte(readDoc(t, dashboardFile)), &dashboard))
	require.NotEmpty(t, dashboard.Templating.List)
	assert.Equal(t, "datasource", dashboard.Templating.List[0].Name)
	assert.Equal(t, "datasource", dashboard.Templating.List[0].Type)
	const chosen = "${datasource}"
	for _, variable := range dashboard.Templating.List[1:] {
		assert.Equal(t, chosen, variable.Datasource.UID, variable.Name)
	}

	ids := make(map[int]string)
	var rules strings.Builder
	rules.WriteString("groups:\n- name: dashboard\n  rules:\n")
	expressions := 0
	for _, panel := range dashboard.Panels {
		assert.NotContains(t, ids, panel.ID, panel.Title)
		ids[panel.ID] = panel.Title
		if panel.Type == "row" {
			continue
		}
		assert.NotEmpty(t, panel.Targets, panel.Title)
		assert.Equal(t, chosen, panel.Datasource.UID, panel.Title)
		for _, target := range panel.Targets {
			assert.Equal(t, chosen, target.Datasource.UID, panel.Title)
			expression := strings.NewReplacer("$instance", ".*", "$__rate_interval", "5m").Replace(target.Expr)
			assert.NotContains(t, expression, "$", panel.Title)
			fmt.Fprintf(&rules, "  - record: panel:%d:%d\n    expr: %q\n", panel.ID, expressions, expression)
			expressions++
		}
	}
	assert.NotZero(t, expressions)
	file := filepath.Join(t.TempDir(), "rules.yml")
	require.NoError(t, os.WriteFile(file, []byte(rules.String()), 0o600))
	promtool(t, "check", "rules", file)
}
