package main_test

import (
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
)

// readReadme returns the README of the gateway.
func readReadme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	return string(text)
}

// rows returns the cells of each row of a table with this head, which must be there.
func rows(t *testing.T, readme, head string) (rows [][]string) {
	t.Helper()
	_, after, found := strings.Cut(readme, "\n"+head+"\n")
	require.True(t, found, "there is no table with the head %s", head)
	for line := range strings.Lines(after) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			break
		}
		if strings.HasPrefix(line, "| ---") {
			continue
		}
		var cells []string
		for cell := range strings.SplitSeq(strings.Trim(line, "|"), "|") {
			cells = append(cells, strings.TrimSpace(cell))
		}
		rows = append(rows, cells)
	}
	return rows
}

var codeSpan = regexp.MustCompile("`([^`\n]+)`")

// codes returns what a text has between backquotes.
func codes(text string) (all []string) {
	for _, found := range codeSpan.FindAllStringSubmatch(text, -1) {
		all = append(all, found[1])
	}
	return all
}

// helpText returns what the gateway writes with these arguments, which ask for help.
func helpText(t *testing.T, args ...string) string {
	t.Helper()
	status, stdout, stderr := gatewaytest.RunToEnd(t, nil, args...)
	require.Zero(t, status)
	return stdout + stderr
}

var (
	helpGroup = regexp.MustCompile(`^([A-Z][^:]*):$`)
	helpFlag  = regexp.MustCompile(`^  -([a-z-]+)`)
)

// flagsByGroup returns the flags that a help text has below each heading. Those before the
// first heading are below "".
func flagsByGroup(help string) map[string][]string {
	groups, group := make(map[string][]string), ""
	for line := range strings.Lines(help) {
		line = strings.TrimSuffix(line, "\n")
		if found := helpGroup.FindStringSubmatch(line); found != nil {
			group = found[1]
		} else if found := helpFlag.FindStringSubmatch(line); found != nil {
			groups[group] = append(groups[group], "-"+found[1])
		}
	}
	return groups
}

// The README has the flags of each group as the help text has them, and names no other
// flag anywhere.
func TestReadmeNamesEveryFlag(t *testing.T) {
	readme := readReadme(t)
	want := flagsByGroup(helpText(t, "-help"))
	assert.Equal(t, want, flagsByGroup(helpText(t, "dead", "-help")))
	assert.Equal(t, want, flagsByGroup(helpText(t, "store", "move", "-help")))
	assert.Equal(t, want, flagsByGroup(helpText(t, "test-sinks", "-help")))
	for _, command := range []string{"gateway dead", "gateway store move"} {
		want["`"+command+"`"] = want["Flags of "+command]
		delete(want, "Flags of "+command)
	}

	got := make(map[string][]string)
	for _, row := range rows(t, readme, "| | flags |") {
		got[row[0]] = codes(row[1])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("flags (-help +README):\n%s", diff)
	}

	known := map[string]bool{"-help": true, "-sender": true} // the last is one of load
	for flags := range maps.Values(want) {
		for _, name := range flags {
			known[name] = true
		}
	}
	for _, code := range codes(readme) {
		if name, _, _ := strings.Cut(code, " "); strings.HasPrefix(name, "-") {
			assert.True(t, known[name], "%s is no flag", name)
		}
	}
}

var variableName = regexp.MustCompile(`\b[A-Z]+(_[A-Z]+)+\b`)

// The README has every variable of the help text, and names no other anywhere. A vendor's
// variable makes its path a served one.
func TestReadmeNamesEveryVariable(t *testing.T) {
	readme, help := readReadme(t), helpText(t, "-help")
	_, list, _ := strings.Cut(help, "Secrets are set in the environment:\n")
	list, _, _ = strings.Cut(list, "Separate values")
	want := regexp.MustCompile(`(?m)^  ([A-Z_]+) `).FindAllStringSubmatch(list, -1)
	require.NotEmpty(t, want)

	var documented []string
	paths := make(map[string]string) // by variable
	for _, row := range rows(t, readme, "| variable | values | path |") {
		name := codes(row[0])[0]
		documented = append(documented, name)
		if row[2] != "" {
			paths[name] = codes(row[2])[0]
		}
	}
	known := map[string]bool{"NO_COLOR": true}
	for i, name := range want {
		require.Less(t, i, len(documented), "%s is missing", name[1])
		assert.Equal(t, name[1], documented[i])
		known[name[1]], known[name[1]+"_FILE"] = true, true
	}
	assert.Len(t, documented, len(want))
	for flags := range maps.Values(flagsByGroup(help)) {
		for _, name := range flags {
			known["GATEWAY_"+strings.ToUpper(strings.ReplaceAll(name[1:], "-", "_"))] = true
		}
	}
	for _, name := range variableName.FindAllString(readme, -1) {
		assert.True(t, known[name], "%s is no variable", name)
	}

	values := map[string]string{"USERLOCK_IDS": gatewaytest.CanaryID, "UNLOC_CREDENTIALS": "unloc:canary-password"}
	assert.Len(t, paths, 4)
	for variable, path := range paths {
		value := values[variable]
		if value == "" {
			value = gatewaytest.RelockSecret
		}
		p := gatewaytest.Start(t, []string{variable + "=" + value})
		assert.Contains(t, p.Stderr.String(), " url="+p.URL+path+"\n")
		assert.Equal(t, 1, strings.Count(p.Stderr.String(), "msg=serving "))
		for other := range maps.Keys(paths) {
			assert.Equal(t, other != variable, strings.Contains(p.Stderr.String(), "missing="+other+"\n"), other)
		}
		p.Stop()
	}
}

// The README has every path of the admin side, and says right which of them everybody sees.
func TestReadmeNamesEveryPath(t *testing.T) {
	readme := readReadme(t)
	p := gatewaytest.Start(t, gatewaytest.WithRelock, "-data", t.TempDir(), "-admin-addr", "127.0.0.1:0")
	status := func(url string) int {
		r, err := gatewaytest.Get(t, url)
		require.NoError(t, err)
		answer, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close()) // that of /events has no end
		return answer.StatusCode
	}
	documented := rows(t, readme, "| path | shows |")
	for i, row := range documented {
		public := 404
		if i >= len(documented)-2 { // "The last two answer everybody"
			public = 200
		}
		path := codes(row[0])[0]
		assert.Equal(t, 200, status(p.Admin()+path), path)
		assert.Equal(t, public, status(p.URL+path), path)
	}

	// No request can list the paths, so they are read where they are registered.
	source, err := os.ReadFile("internal/app/servers.go")
	require.NoError(t, err)
	list := regexp.MustCompile(`(?s)adminPaths = \[\]string\{(.*?)\}\n`).FindSubmatch(source)
	require.NotNil(t, list, "adminPaths has another name or form")
	paths := regexp.MustCompile(`"(/[a-z]*/?)`).FindAllStringSubmatch(string(list[1]), -1)
	require.NotEmpty(t, paths)
	for _, path := range append(paths, []string{"", "/healthz"}, []string{"", "/readyz"}) {
		assert.Regexp(t, "[` ]"+path[1]+"[`{]", readme)
	}
}

var seriesLabel = regexp.MustCompile(`[{,]([a-z]+)="`)

// The README has every metric with its labels, and no others.
func TestReadmeNamesEveryMetric(t *testing.T) {
	want := make(map[string][]string) // labels, by name
	for name, args := range map[string][]string{
		"queue":  {"-queue", "9", "-elasticsearch", "http://127.0.0.1:1", "-elasticsearch-only", "vendor=unloc"},
		"store":  {"-data", t.TempDir()},
		"record": {"-record", filepath.Join(t.TempDir(), "new"), "-format", "asim"},
	} {
		p := gatewaytest.Start(t, gatewaytest.WithRelock, args...)
		p.Accept(name)
		require.Equal(t, 401, p.From("canary-wrong-secret", name, "", ""))
		p.RequireMetrics(p.URL, map[string]float64{
			`accesshook_rejected_total{endpoint="relock",status="401"}`:      1,
			`accesshook_events_total{type="security.alert",vendor="relock"}`: 1,
		})
		if name == "store" {
			p.Eventually("a consumer", func() bool {
				series, _ := p.Metrics(p.URL)
				_, known := series[`accesshook_store_pending{consumer="default"}`]
				return known
			})
		}
		series, text := p.Metrics(p.URL)
		for _, found := range regexp.MustCompile(`(?m)^# TYPE (\S+) `).FindAllStringSubmatch(text, -1) {
			want[found[1]] = nil
		}
		for s := range series {
			name, _, _ := strings.Cut(s, "{")
			for _, suffix := range []string{"_bucket", "_count", "_sum"} { // of a histogram
				if base, ok := strings.CutSuffix(name, suffix); ok {
					name = base
				}
			}
			for _, label := range seriesLabel.FindAllStringSubmatch(s, -1) {
				if label[1] != "le" && !slices.Contains(want[name], label[1]) {
					want[name] = append(want[name], label[1])
				}
			}
			slices.Sort(want[name])
		}
	}

	got := make(map[string][]string)
	for _, row := range rows(t, readReadme(t), "| metric | labels | meaning |") {
		var labels []string
		if row[1] != "" {
			labels = strings.Split(row[1], ", ")
		}
		got[codes(row[0])[0]] = labels
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("metrics (-gateway +README):\n%s", diff)
	}
}

// The test runs the recipe of the README with another address.
func TestReadmeRecipe(t *testing.T) {
	gatewaytest.Needs(t, "sh", "curl", "openssl")
	const secret = "canary relock secret"
	recipe := regexp.MustCompile("(?s)```sh\n(.*?)```").FindStringSubmatch(readReadme(t))
	require.NotNil(t, recipe)

	p := gatewaytest.Start(t, []string{"RELOCK_SECRETS=" + secret})
	script := recipe[1]
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
