package main

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// needs skips a test where a program is missing, unless the variable CI is set.
func needs(t *testing.T, name string) {
	t.Helper()
	_, err := exec.LookPath(name)
	if errors.Is(err, exec.ErrNotFound) && os.Getenv("CI") == "" {
		t.Skipf("there is no %s here", name)
	}
	require.NoError(t, err)
}

// shell runs a script and returns what it writes.
func shell(t *testing.T, name, script string) string {
	t.Helper()
	needs(t, name)
	needs(t, "curl")
	cmd := exec.CommandContext(t.Context(), name)
	cmd.Stdin = strings.NewReader(script) // as by "| sh"
	cmd.Env = append(os.Environ(), "NO_PROXY=*", "LC_ALL=C.UTF-8")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

// The commands deliver every byte as it is.
func TestCurl(t *testing.T) {
	var every strings.Builder
	for i := range 256 {
		every.WriteByte(byte(i))
	}
	var got []received
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		got = append(got, received{r.RequestURI, r.Header, string(body)})
	}))
	defer s.Close()
	bodies := map[string]string{
		"JSON":           `{"lockName":"Lager, Østtür","n":1.50}`,
		"indented":       "{\n  \"a\": 1\n}\n",
		"quotes":         `'"` + "`" + `$HOME $(id) \' \\ !! ''`,
		"a file":         "@/etc/hostname",
		"an option":      "-n",
		"every byte":     every.String(),
		"NUL":            "\x00a\x001",
		"digits after":   "\x017\x00007",
		"option, NUL":    "-v\x00",
		"percent":        "%s%d%%\\n\\c\\0\t100%",
		"CR LF":          "{\r\n}\r\n",
		"broken UTF-8":   "\xff\xfe\xed\xa0\x80 \xc3",
		"U+FFFD":         "\ufffd",
		"turns round":    "a\u202eb",
		"line ends":      "\n\n",
		"long":           strings.Repeat("x'", 100_000),
		"long with NULs": strings.Repeat("\x00'%", 50_000),
		"empty":          "",
	}
	header := http.Header{"Content-Type": {"application/json"}, "X-Odd": {`it's "$(odd)" \n`, "@second"}}
	const path = "/a'b/{x,y}[1-2]?q=$HOME%27&r"
	var script strings.Builder
	names := slices.Sorted(maps.Keys(bodies))
	for _, what := range names {
		command := curl(delivery{s.URL + path, header, []byte(bodies[what])}, "")
		assert.NotRegexp(t, `[^\n\x20-\x7eØüäöå\x{fffd}]`, command, "it can be pasted")
		script.WriteString(command + "\n")
	}
	for _, name := range []string{"sh", "bash"} {
		t.Run(name, func(t *testing.T) {
			got = nil
			shell(t, name, script.String())
			require.Len(t, got, len(names))
			for i, what := range names {
				if diff := cmp.Diff(bodies[what], got[i].body); diff != "" {
					t.Errorf("%s (-sent +received):\n%.2000s", what, diff)
				}
				assert.Equal(t, header["X-Odd"], got[i].header["X-Odd"])
				assert.Equal(t, header["Content-Type"], got[i].header["Content-Type"])
				assert.Equal(t, path, got[i].path)
			}
		})
	}
}

// What -print prints is what would be sent, and a receiver takes it.
func TestPrint(t *testing.T) {
	r := newReceiver(t)
	var stdout, stderr strings.Builder
	status := run(t.Context(), []string{"-vendor", "all", "-url", r.URL, "-print", "-duplicate"}, nil, &stdout, &stderr)
	assert.Equal(t, 0, status)
	assert.Equal(t, "send: warning: each command holds the credential, or the signature of its body: do not show it around\n", stderr.String())
	assert.Empty(t, r.requests, "nothing is sent")
	assert.Equal(t, 2*61, strings.Count(stdout.String(), "\n"))

	out := shell(t, "sh", stdout.String())
	assert.Equal(t, 2*61, strings.Count(out, "HTTP/1.1 200 OK"))
	assert.Len(t, r.requests, 2*61)
	assert.Equal(t, 61, r.uniqueIDs())
}

func TestPrintWithAuthorities(t *testing.T) {
	s := newTLSServer(t)
	setSecrets(t)
	var stdout, stderr strings.Builder
	status := run(t.Context(), []string{"-vendor", "relock", "-count", "1", "-url", s.URL, "-print", "-ca", s.authorities}, nil, &stdout, &stderr)
	assert.Equal(t, 0, status, stderr.String())
	assert.Contains(t, shell(t, "sh", stdout.String()), " 200")
}
