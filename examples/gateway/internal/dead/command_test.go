package dead_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event/durable"
	"github.com/accesshook/accesshook/event/durable/embedded"

	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
	"github.com/accesshook/accesshook/examples/gateway/internal/store"
)

// readViews reads lines of JSON.
func readViews(t *testing.T, text string) (list []store.DeadLetter) {
	t.Helper()
	for line := range strings.Lines(text) {
		var l store.DeadLetter
		require.NoError(t, json.Unmarshal([]byte(line), &l), "%s", line)
		list = append(list, l)
	}
	return list
}

// sessionsUpTo returns the names of n sessions.
func sessionsUpTo(n int) (ids []string) {
	for i := range n {
		ids = append(ids, fmt.Sprint("s-", i+1))
	}
	return ids
}

// The command asks a running gateway, or opens the directory of one that is stopped.
func TestDeadCommand(t *testing.T) {
	for name, running := range map[string]bool{"admin": true, "data": false} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			p := gatewaytest.StartWithDead(t, dir, append(gatewaytest.WithRelock, gatewaytest.WithAdmin[1:]...), sessionsUpTo(4))
			where, env := []string{"-admin", p.URL}, gatewaytest.WithAdmin[1:]
			if !running {
				p.Stop()
				where, env = []string{"-data", dir}, nil
			}
			dead := func(verb string, numbers ...string) (status int, stdout, stderr string) {
				t.Helper()
				status, stdout, stderr = gatewaytest.RunToEnd(t, env, append(append([]string{"dead", verb}, where...), numbers...)...)
				gatewaytest.RequireNoSecret(t, stdout, stderr)
				return status, stdout, stderr
			}

			status, stdout, stderr := dead("list")
			assert.Equal(t, 0, status, "%s", stderr)
			all := readViews(t, stdout)
			require.Len(t, all, 4)
			for i, l := range all {
				assert.EqualValues(t, i+1, l.Number)
				assert.Nil(t, l.Event)
			}

			status, stdout, stderr = dead("show", "1", "9", "2")
			assert.Equal(t, 1, status)
			assert.Equal(t, "gateway: dead: show 9: there is no such dead letter\n", stderr)
			shown := readViews(t, stdout)
			require.Len(t, shown, 2)
			assert.Contains(t, string(shown[1].Event), `"specversion":"1.0"`)

			status, stdout, stderr = dead("retry", "1", "2")
			assert.Equal(t, 0, status, "%s", stderr)
			assert.Empty(t, stderr)
			if running {
				assert.Empty(t, stdout)
				// The gateway handles it.
				p.Eventually("they are not written", func() bool { return strings.Count(p.Stdout.String(), "\n") == 2 })
				stdout = p.Stdout.String()
			}
			assert.Len(t, gatewaytest.Decode(t, stdout), 2)

			status, stdout, _ = dead("drop", "3")
			assert.Equal(t, 0, status)
			assert.Empty(t, stdout)
			status, _, stderr = dead("retry", "3")
			assert.Equal(t, 1, status)
			assert.Equal(t, "gateway: dead: retry 3: there is no such dead letter\n", stderr)
			status, _, stderr = dead("drop", "3")
			assert.Equal(t, 1, status)
			assert.Equal(t, "gateway: dead: drop 3: there is no such dead letter\n", stderr)

			_, stdout, _ = dead("list")
			left := readViews(t, stdout)
			require.Len(t, left, 1)
			assert.EqualValues(t, 4, left[0].Number)
		})
	}
}

// Filters select what is listed, retried and dropped.
func TestDeadCommandFilters(t *testing.T) {
	for name, running := range map[string]bool{"admin": true, "data": false} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			broken := gatewaytest.StartBroken(t, gatewaytest.WithRelock, "-data", dir, "-retries", "0")
			broken.Accept("an alert") // number 1, or after the sessions
			broken.End(sessionsUpTo(105)...)
			broken.RequireMetrics(broken.URL, map[string]float64{`accesshook_dead_letters`: 106})
			broken.Stop()
			p, where := (*gatewaytest.Process)(nil), []string{"-data", dir}
			if running {
				p = gatewaytest.Start(t, gatewaytest.WithRelock, "-data", dir)
				where = []string{"-admin", p.URL}
			}
			dead := func(verb string, flags ...string) (stdout, stderr string) {
				t.Helper()
				status, stdout, stderr := gatewaytest.RunToEnd(t, nil, append(append([]string{"dead", verb}, where...), flags...)...)
				require.Equal(t, 0, status, stderr)
				return stdout, stderr
			}
			listed := func(flags ...string) int {
				stdout, _ := dead("list", flags...)
				return len(readViews(t, stdout))
			}
			assert.Equal(t, 106, listed())
			assert.Equal(t, 105, listed("-type", "session.*", "-since", "1h", "-vendor", "relock", "-consumer", "default"))
			assert.Equal(t, 106, listed("-error", "pipe"))
			assert.Zero(t, listed("-until", "1h"))
			assert.Zero(t, listed("-vendor", "unloc"))
			assert.Zero(t, listed("-error", "no such error"))

			stdout, stderr := dead("retry", "-type", "session.ended", "-dry-run")
			assert.Equal(t, "105\n", stdout)
			assert.Empty(t, stderr)
			stdout, stderr = dead("retry", "-type", "session.ended")
			assert.Regexp(t, `(?m)\Aretried 105 of 105\n\z`, stderr)
			if running {
				p.Eventually("they are not written", func() bool { return strings.Count(p.Stdout.String(), "\n") == 105 })
				stdout = p.Stdout.String()
			}
			assert.Len(t, gatewaytest.Decode(t, stdout), 105)
			_, stderr = dead("drop", "-vendor", "unloc")
			assert.Equal(t, "dropped 0 of 0\n", stderr)
			stdout, stderr = dead("drop", "-all")
			assert.Empty(t, stdout)
			assert.Equal(t, "dropped 1 of 1\n", stderr)
			assert.Zero(t, listed())
		})
	}
}

// The output is bounded, however many fail.
func TestDeadCommandManyFail(t *testing.T) {
	for name, running := range map[string]bool{"admin": true, "data": false} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			p := gatewaytest.StartBroken(t, gatewaytest.WithRelock, "-data", dir, "-retries", "0")
			p.End(sessionsUpTo(40)...)
			p.RequireMetrics(p.URL, map[string]float64{`accesshook_dead_letters`: 40})
			where := []string{"-admin", p.URL}
			if !running {
				p.Stop()
				where = []string{"-data", dir}
			}
			ctx, cancel := context.WithTimeout(t.Context(), gatewaytest.Patience)
			defer cancel()
			cmd := gatewaytest.Command(ctx, nil, append(append([]string{"dead", "retry"}, where...), "-all")...)
			cmd.Stdout = gatewaytest.ClosedPipe(t)
			var stderr strings.Builder
			cmd.Stderr = &stderr
			require.Error(t, cmd.Run())
			assert.Equal(t, 1, cmd.ProcessState.ExitCode())
			assert.Regexp(t, `(?m)^retried 40 of 40, 40 failed$`, stderr.String())
			assert.Regexp(t, `(?m)^gateway: dead: retry \d+: the callbacks failed again\n(retry \d+: the callbacks failed again\n){4}and 35 more\n\z`, stderr.String())
			assert.Less(t, strings.Count(stderr.String(), "\n"), 20)
			if !running {
				assert.Contains(t, stderr.String(), "broken pipe", "the first say why")
			}
		})
	}
}

// The command asks for a list in several requests.
func TestDeadCommandListsAll(t *testing.T) {
	p := gatewaytest.StartWithDead(t, t.TempDir(), gatewaytest.WithRelock, sessionsUpTo(100+5))
	status, stdout, stderr := gatewaytest.RunToEnd(t, nil, "dead", "list", "-admin", p.URL)
	assert.Equal(t, 0, status, "%s", stderr)
	assert.Len(t, readViews(t, stdout), 100+5)
}

func TestDeadCommandWithAnOrder(t *testing.T) {
	dir := t.TempDir()
	for _, order := range []string{"none", "user", "lock"} {
		dir := filepath.Join(dir, order)
		gatewaytest.Start(t, gatewaytest.WithRelock, "-data", dir, "-order", order).Stop()
		status, stdout, stderr := gatewaytest.RunToEnd(t, nil, "dead", "list", "-data", dir)
		assert.Equal(t, 0, status, "%s", stderr)
		assert.Empty(t, stdout)
	}
}

// Reading dead letters, or a start with fewer flags, does not change a store.
func TestDeadCommandChangesNothing(t *testing.T) {
	dir := t.TempDir()
	const large = 21474836480
	gatewaytest.Start(t, gatewaytest.WithRelock, "-data", dir, "-dedupe", "72h", "-data-max-bytes", strconv.Itoa(large)).Stop()
	status, _, stderr := gatewaytest.RunToEnd(t, nil, "dead", "list", "-data", dir)
	assert.Equal(t, 0, status, "%s", stderr)
	gatewaytest.Start(t, gatewaytest.WithRelock, "-data", dir).Stop()

	s, err := embedded.Open(t.Context(), embedded.Config{Dir: dir, Config: durable.Config{Payloads: gatewaytest.Payloads}})
	require.NoError(t, err)
	defer s.Close()
	assert.Equal(t, 72*time.Hour, s.DedupeWindow())
	stats, err := s.Stats(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, large, stats.MaxBytes)
}

func TestDeadCommandRetryFailsAgain(t *testing.T) {
	dir := t.TempDir()
	p := gatewaytest.StartBroken(t, gatewaytest.WithRelock, "-data", dir, "-retries", "0")
	p.End("a")
	p.RequireMetrics(p.URL, map[string]float64{`accesshook_dead_letters`: 1})
	status, stdout, stderr := gatewaytest.RunToEnd(t, nil, "dead", "retry", "-admin", p.URL+"/", "1")
	assert.Equal(t, 1, status)
	assert.Empty(t, stdout)
	assert.Equal(t, "gateway: dead: retry 1: the callbacks failed again\n", stderr)
}

// retry writes a line of its own, even after a partial line that a killed gateway left.
func TestDeadCommandTerminatesPartialLine(t *testing.T) {
	dir := t.TempDir()
	gatewaytest.StartWithDead(t, dir, gatewaytest.WithRelock, sessionsUpTo(1)).Stop()
	name := filepath.Join(t.TempDir(), "out")
	require.NoError(t, os.WriteFile(name, []byte("{\"half"), 0o600))
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
	require.NoError(t, err)
	defer f.Close()

	cmd := gatewaytest.Command(t.Context(), nil, "dead", "retry", "-data", dir, "1")
	cmd.Stdout = f
	require.NoError(t, cmd.Run())
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	assert.Regexp(t, `^\{"half\n\{"specversion":"1.0",.*\}\n$`, string(text))
}

func TestDeadCommandErrors(t *testing.T) {
	dir := t.TempDir()
	p := gatewaytest.Start(t, append(gatewaytest.WithRelock, gatewaytest.WithAdmin[1:]...), "-data", dir)
	plain := gatewaytest.Start(t, gatewaytest.WithRelock)
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/moved") {
			http.Redirect(w, r, plain.URL, http.StatusTemporaryRedirect)
		}
		if strings.HasPrefix(r.URL.Path, "/hangs") {
			<-r.Context().Done()
		}
		_, _ = w.Write([]byte("hello"))
	}))
	t.Cleanup(other.Close)
	empty := filepath.Join(t.TempDir(), "empty")
	for name, test := range map[string]struct {
		env    []string
		args   []string
		status int
		says   string
	}{
		"nothing":              {status: 2, says: "say list, show, retry or drop first"},
		"wrong verb":           {args: []string{"bury", "1"}, status: 2, says: "say list, show, retry or drop first"},
		"wrong flag":           {args: []string{"list", "-addr", "x"}, status: 2, says: "-addr"},
		"list a number":        {args: []string{"list", "1"}, status: 2, says: "list takes no numbers"},
		"show no number":       {args: []string{"show"}, status: 2, says: "show needs the number"},
		"drop nothing":         {args: []string{"drop"}, status: 2, says: "drop needs the number of a dead letter, or several, or a flag that selects dead letters, or -all"},
		"no such vendor":       {args: []string{"drop", "-vendor", "*"}, status: 2, says: "no dead letter has the vendor"},
		"not a number":         {args: []string{"drop", "1", "x"}, status: 2, says: `"x" is not a number`},
		"flag after a number":  {args: []string{"drop", "1", "-data", dir}, status: 2, says: `"-data" is not a number`},
		"two places":           {args: []string{"list", "-admin", p.URL, "-data", dir}, status: 2, says: "exclude each other"},
		"no time":              {args: []string{"list", "-timeout", "0s"}, status: 2, says: "-timeout is not between 1ms and 1h0m0s"},
		"too much time":        {args: []string{"list", "-timeout", "61m"}, status: 2, says: "-timeout is not between 1ms and 1h0m0s"},
		"hangs":                {args: []string{"drop", "-admin", other.URL + "/hangs", "-timeout", "100ms", "1"}, status: 1, says: "drop 1: Delete \"" + other.URL + "/hangs/dead/1\": context deadline exceeded"},
		"empty directory name": {args: []string{"list", "-data", ""}, status: 2, says: "-data is empty"},
		"not a URL":            {args: []string{"list", "-admin", "127.0.0.1:8080"}, status: 2, says: "-admin is not http"},
		"no host":              {args: []string{"list", "-admin", "http://"}, status: 2, says: "-admin is not http"},
		"password in the URL":  {args: []string{"list", "-admin", "http://ops:canary@localhost"}, status: 2, says: "set ADMIN_CREDENTIALS"},
		"no colon":             {env: []string{"ADMIN_CREDENTIALS=canary"}, args: []string{"list"}, status: 2, says: "ADMIN_CREDENTIALS: entry 1 has no colon"},
		"empty credentials":    {env: []string{"ADMIN_CREDENTIALS="}, args: []string{"list"}, status: 2, says: "ADMIN_CREDENTIALS: entry 1 is empty"},
		"wrong key":            {env: []string{"RAW_KEYS=canary"}, args: []string{"list", "-data", dir}, status: 2, says: "RAW_KEYS: entry 1"},
		"nobody there":         {args: []string{"list", "-admin", "http://" + gatewaytest.Unused(t)}, status: 1, says: "connection refused"},
		"no password":          {args: []string{"list", "-admin", p.URL}, status: 1, says: "answered 401 Unauthorized"},
		"wrong password":       {env: []string{"ADMIN_CREDENTIALS=ops:canary"}, args: []string{"drop", "-admin", p.URL, "1"}, status: 1, says: "drop 1: answered 401 Unauthorized"},
		"no store":             {args: []string{"list", "-admin", plain.URL}, status: 1, says: "there is no store: the gateway was started without -data and -nats"},
		"no gateway":           {args: []string{"list", "-admin", other.URL}, status: 1, says: "the answer is not one of a gateway"},
		"no gateway to show":   {args: []string{"show", "-admin", other.URL, "1"}, status: 1, says: "the answer is not one of a gateway"},
		"elsewhere":            {args: []string{"list", "-admin", other.URL + "/moved"}, status: 1, says: "answered 307"},
		"directory in use":     {args: []string{"list", "-data", dir}, status: 1, says: "a gateway has " + dir + " open: use -admin"},
		"no such directory":    {args: []string{"list", "-data", empty}, status: 1, says: "there is no store in " + empty},
	} {
		t.Run(name, func(t *testing.T) {
			status, stdout, stderr := gatewaytest.RunToEnd(t, test.env, append([]string{"dead"}, test.args...)...)
			assert.Equal(t, test.status, status, "%s", stderr)
			assert.Empty(t, stdout)
			assert.Contains(t, stderr, test.says)
			gatewaytest.RequireNoSecret(t, stderr)
		})
	}
	_, err := os.Stat(empty)
	assert.ErrorIs(t, err, os.ErrNotExist, "no store was made")
}

// What could act on a terminal is an escape, whatever the command writes.
func TestDeadLettersAreEscaped(t *testing.T) {
	const text = "\u009b2J\u202egnp\u2028\u0085\u007f"
	dir := t.TempDir()
	broken := gatewaytest.StartBroken(t, gatewaytest.WithRelock, "-data", dir, "-retries", "0")
	broken.Accept(text)
	broken.RequireMetrics(broken.URL, map[string]float64{`accesshook_dead_letters`: 1})
	broken.Stop()
	for _, verb := range [][]string{{"list"}, {"show", "-data", dir, "1"}} {
		if len(verb) == 1 {
			verb = append(verb, "-data", dir)
		}
		status, stdout, stderr := gatewaytest.RunToEnd(t, nil, append([]string{"dead"}, verb...)...)
		require.Equal(t, 0, status, stderr)
		for _, r := range stdout {
			assert.True(t, r == '\n' || ' ' <= r && r <= '~', "%s: %q", verb[0], r)
		}
	}
}

// Neither secrets of a payload nor sealed bodies are shown.
func TestDeadLettersKeepSecrets(t *testing.T) {
	p := gatewaytest.StartBroken(t, []string{"RAW_KEYS=" + strings.Repeat("ab", 32)}, "-demo", "-demo-fast", "-data", t.TempDir(), "-retries", "0")
	p.RequireMetrics(p.URL, map[string]float64{`accesshook_dead_letters`: 61})
	masked := false
	for number := 1; number <= 61; number++ {
		status, body := p.Send(gatewaytest.Get(t, fmt.Sprintf("%s/dead/%d", p.URL, number)))
		require.Equal(t, 200, status)
		assert.NotContains(t, body, "a-hash-that-must-not-be-written")
		assert.NotContains(t, body, durable.RawAttribute)
		masked = masked || strings.Contains(body, "[redacted]")
	}
	assert.True(t, masked)
}
