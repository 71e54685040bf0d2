package record

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/verify"

	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
	"github.com/accesshook/accesshook/examples/internal/capture"
	"github.com/accesshook/accesshook/examples/internal/explain"
	"github.com/accesshook/accesshook/examples/internal/vendors"
)

// recordings returns the recordings in a directory once there are so many, by name. They
// must have no secret of a test, must be closed to others, and must be read again.
func recordings(p *gatewaytest.Process, dir string, n int) (all map[string]*capture.Request) {
	p.T.Helper()
	finished := func() []string {
		return slices.DeleteFunc(files(p.T, dir), func(name string) bool { return strings.HasPrefix(name, ".") })
	}
	p.Eventually("recordings", func() bool { return len(finished()) >= n })
	all = make(map[string]*capture.Request)
	for _, name := range finished() {
		path := filepath.Join(dir, name)
		info, err := os.Stat(path)
		require.NoError(p.T, err)
		assert.Equal(p.T, fs.FileMode(0o600), info.Mode())
		content, err := os.ReadFile(path)
		require.NoError(p.T, err)
		gatewaytest.RequireNoSecret(p.T, string(content))
		q, err := capture.Read(bytes.NewReader(content))
		require.NoError(p.T, err)
		assert.Empty(p.T, q.Oddities)
		if len(q.Body) > 0 {
			assert.True(p.T, json.Valid(q.Body), "%s", q.Body)
		}
		all[name] = q
	}
	require.Len(p.T, all, n)
	return all
}

// only returns the one recording whose name ends so.
func only(t *testing.T, all map[string]*capture.Request, ending string) *capture.Request {
	t.Helper()
	var found []*capture.Request
	for name, q := range all {
		if strings.HasSuffix(name, ending) {
			found = append(found, q)
		}
	}
	require.Len(t, found, 1, ending)
	return found[0]
}

// The names in the first real notification can be read, whether its ID is the right one
// or not, and so can what its values look like.
func TestFirstNotificationOfUserLock(t *testing.T) {
	dir := private(t)
	p := gatewaytest.Start(t, []string{"USERLOCK_IDS=" + gatewaytest.CanaryID}, "-record", dir)
	send := func(id string, others string) int {
		r, err := gatewaytest.Post(t, p.URL+"/webhooks/userlock?key=canary", `{"Server":"{`+id+`}","LogonEvent":"Logon",`+others+`}`)
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer canary-of-somebody")
		status, _ := p.Send(r, nil)
		return status
	}
	const names = `"When":"2026-11-30T07:15:02","Username":"EXAMPLE\\ada","Place":{"Name":"DESK-1","Address":"192.0.2.1"},"Count":3,"Note":"hunter2","Again":"hunter2"`
	require.Equal(t, 401, send("3F2504E0-4F89-41D3-9A0C-0305E82C3301", names))
	require.Equal(t, 200, send(strings.ToUpper(gatewaytest.CanaryID), names))
	require.Equal(t, 200, send(gatewaytest.CanaryID, names+` `)) // the same names
	require.Equal(t, 200, send(gatewaytest.CanaryID, `"Username":"ada"`))
	all := recordings(p, dir, 2)

	const shapes = `"LogonEvent":"Logon","When":"[redacted time]","Username":"EXAMPLE\\ada","Place":{"Name":"[redacted string of 6]","Address":"[redacted IP address]"},` +
		`"Count":"[redacted number]","Note":"[redacted string of 7]","Again":"[redacted string of 7]"}`
	refused := only(t, all, "-userlock-401.http")
	assert.Equal(t, `{"Server":"3f2504e0-****-****-****-************",`+shapes, string(refused.Body))
	assert.Equal(t, "verify: not authenticated: credential refused: no member is an accepted ID", refused.Header.Get(capture.ErrorField))
	assert.Equal(t, "Bearer [redacted]", refused.Header.Get("Authorization"))
	assert.Equal(t, "/webhooks/userlock?key=[redacted]", refused.Target)

	accepted := only(t, all, "-userlock-200-warned.http")
	assert.Equal(t, `{"Server":"ab12cd34-****-****-****-************",`+shapes, string(accepted.Body))
	assert.Contains(t, accepted.Notes, `The field 'When' (time) is taken for nothing. The name is not known.`)
	assert.Contains(t, accepted.Notes, `The field 'Username' (text of 11 characters) is taken for UserAccount`)
	assert.Contains(t, refused.Notes, `The field 'Server' is a GUID that begins with 3f2504e0.`)
	assert.Contains(t, refused.Notes, `Cause: The field 'Server' has a GUID that is none of the UserLock IDs.`)

	info, err := os.Stat(dir)
	require.NoError(t, err)
	assert.Equal(t, fs.ModeDir|0o700, info.Mode())
}

// Of every vendor that is given another's URL, nothing secret is recorded. The credentials
// of the sender are not those of the gateway.
func TestVendorsWithWrongCredentials(t *testing.T) {
	const secret, password = "canary-of-another", "canary-password-of-another"
	env := []string{
		"USERLOCK_IDS=" + gatewaytest.CanaryID, "UNLOC_CREDENTIALS=gate:canary-password-of-this",
		"RELOCK_SECRETS=canary-relock-secret", "LOGINRADIUS_SECRETS=canary-loginradius-secret",
	}
	dir := private(t)
	p := gatewaytest.Start(t, env, "-record", dir, "-rate", "0")
	const other = "11111111-ca9a-4333-8444-ca9a27ca9a27"
	n := 0
	for _, v := range vendors.All {
		credentials := envsecret.Values{
			Secrets: event.Secrets(secret), Credentials: []verify.Credential{verify.NewCredential("gate", password)},
		}
		if v.Name == "userlock" {
			credentials.Secrets = event.Secrets(other)
		}
		for _, payload := range v.Payloads(time.Now())[:3] {
			for _, at := range vendors.All {
				status, _ := p.Send(v.Request(t.Context(), p.URL+at.Path(), credentials, payload))
				require.Equal(t, 401, status, "%s at %s", v.Name, at.Name)
				n++
			}
		}
	}
	for name, q := range recordings(p, dir, n) {
		assert.Regexp(t, `-401\.http$`, name)
		assert.Equal(t, "401", q.Header.Get(capture.StatusField))
	}
	p.RequireMetrics(p.URL, map[string]float64{
		`accesshook_recordings_total{endpoint="userlock",result="written"}`: float64(n / 4),
		`accesshook_recordings_total{endpoint="userlock",result="sampled"}`: 0,
	})
}

func TestWarningsAreRecorded(t *testing.T) {
	for name, args := range map[string][]string{"": nil, "queue": {"-queue", "9"}, "store": {"-data", t.TempDir()}} {
		t.Run(name, func(t *testing.T) {
			dir := private(t)
			p := gatewaytest.Start(t, gatewaytest.WithRelock, append(args, "-record", dir)...)
			p.Accept("nothing to warn of")
			const body = `{"event":"session.created","data":{"sessionId":7,"hash":"hunter2","userId":"u"}}`
			status, _ := p.Send(relock.NewRequest(t.Context(), p.URL+"/webhooks/relock", gatewaytest.RelockSecret, []byte(body)))
			require.Equal(t, 200, status)
			q := only(t, recordings(p, dir, 1), "-relock-200-warned.http")
			assert.Equal(t, []string{"/data/sessionId want string, got number"}, q.Values(capture.WarningField))
			assert.Equal(t, `{"event":"session.created","data":{"sessionId":7,"hash":"[redacted string of 7]","userId":"u"}}`, string(q.Body))
		})
	}
}

// The usual causes are found while the request is there as it came.
func TestFindings(t *testing.T) {
	dir := private(t)
	p := gatewaytest.Start(t, append(gatewaytest.WithRelock, "UNLOC_CREDENTIALS=gate:canary-of-unloc-password"), "-record", dir)
	send := func(path, body string, header ...string) {
		t.Helper()
		r, err := gatewaytest.Post(t, p.URL+path, body)
		require.NoError(t, err)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		status, _ := p.Send(r, nil)
		require.Equal(t, 401, status)
	}
	const body, secret = `{"event":"session.ended","data":{"note":"x"}}`, gatewaytest.RelockSecret
	send("/webhooks/relock", body+"\n", relock.SignatureHeader, gatewaytest.Sign(secret, body),
		"Accesshook-Masked", "the body", "Accesshook-Status", "200", "Accesshook-Finding", "hunter2")
	send("/webhooks/unloc", `{"id":"1"}`, "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("gate:canary-of-unloc-password\n")))
	all := recordings(p, dir, 2)

	q := only(t, all, "-relock-401.http")
	assert.Contains(t, q.Notes, "Not OK: The signature matches no secret (401). Tried: 1.")
	assert.Contains(t, q.Notes, "Cause: The signature is that of secret 1 for the body without the line feed at its end.")
	assert.Equal(t, []string{"401"}, q.Values(capture.StatusField))
	v, ok := vendors.Named(relock.Vendor)
	require.True(t, ok)
	again := explain.Explain(v, q, map[string]envsecret.Values{relock.Vendor: {Secrets: event.Secrets(secret)}})
	assert.Contains(t, again.Recorded, "Cause: The signature is that of secret 1 for the body without the line feed at its end.")
	assert.NotContains(t, q.Notes, "hunter2")
	assert.Equal(t, []string{"[redacted]"}, q.Values(relock.SignatureHeader))

	q = only(t, all, "-unloc-401.http")
	assert.Contains(t, q.Notes, "Not OK: User and password match no credential (401). Tried: 1.")
	assert.Regexp(t, "(?m)^Cause: .*line feed", strings.Join(q.Notes, "\n"))
	assert.NotContains(t, strings.Join(q.Notes, "\n"), "The body", "it was not read")
}

// A callback that fails is no reason.
func TestFailedCallbacksAreNotRecorded(t *testing.T) {
	dir := private(t)
	p := gatewaytest.StartBroken(t, gatewaytest.WithRelock, "-record", dir)
	require.Equal(t, 500, p.From(gatewaytest.RelockSecret, "x", "", ""))
	require.Equal(t, 401, p.From("canary-wrong-secret", "x", "", ""))
	only(t, recordings(p, dir, 1), "-relock-401.http")
}

// Credentials that are read again are not recorded, new or old.
func TestReloadedCredentialsAreHidden(t *testing.T) {
	const body = `{"event":"canary-the-next-one","data":{"userId":"x canary-the-last-one y","reason":"canary-relock-secret"}}`
	file, dir := gatewaytest.WriteFile(t, "canary-the-last-one\n"), private(t)
	p := gatewaytest.Start(t, []string{"RELOCK_SECRETS_FILE=" + file}, "-record", dir)
	gatewaytest.ReplaceFile(t, file, "canary-the-next-one\n"+gatewaytest.RelockSecret)
	require.NoError(t, p.Cmd.Process.Signal(syscall.SIGHUP))
	p.Eventually("SIGHUP", func() bool { return strings.Contains(p.Stderr.String(), "read secrets again") })
	r, err := gatewaytest.Post(t, p.URL+"/webhooks/relock", body)
	require.NoError(t, err)
	r.Header.Set(relock.SignatureHeader, gatewaytest.Sign("a wrong secret", body))
	status, _ := p.Send(r, nil)
	require.Equal(t, 401, status)
	q := only(t, recordings(p, dir, 1), "-relock-401.http")
	assert.Equal(t, `{"event":"[redacted string of 19]","data":{"userId":"[redacted string of 23]","reason":"[redacted string of 20]"}}`, string(q.Body))
}

// Credentials that are refused, however often, do not push out those that stay in use.
func TestRefusedCredentialsDoNotShowThoseInUse(t *testing.T) {
	const body = `{"event":"x","data":{"userId":"` + gatewaytest.RelockSecret + `"}}`
	file, dir := gatewaytest.WriteFile(t, gatewaytest.RelockSecret+"\n"), private(t)
	p := gatewaytest.Start(t, []string{"RELOCK_SECRETS_FILE=" + file}, "-record", dir)
	gatewaytest.ReplaceFile(t, file, "canary with a space at its end \n")
	for n := range 10 {
		require.NoError(t, p.Cmd.Process.Signal(syscall.SIGHUP))
		p.Eventually("SIGHUP", func() bool { return strings.Count(p.Stderr.String(), "cannot read secrets again") > n })
	}
	r, err := gatewaytest.Post(t, p.URL+"/webhooks/relock", body)
	require.NoError(t, err)
	r.Header.Set(relock.SignatureHeader, gatewaytest.Sign("a wrong secret", body))
	status, _ := p.Send(r, nil)
	require.Equal(t, 401, status)
	q := only(t, recordings(p, dir, 1), "-relock-401.http")
	assert.NotContains(t, string(q.Body), gatewaytest.RelockSecret)
}

// What waits when the gateway stops is written.
func TestStopWritesWhatWaits(t *testing.T) {
	dir := private(t)
	p := gatewaytest.Start(t, gatewaytest.WithRelock, "-record", dir)
	for range 20 {
		require.Equal(t, 401, p.From("canary-wrong-secret", "x", "", ""))
	}
	p.Stop()
	assert.Len(t, files(t, dir), 20)
}

func TestNothingIsRecordedByDefault(t *testing.T) {
	p := gatewaytest.New(t, gatewaytest.WithRelock)
	p.Cmd.Dir = t.TempDir()
	p.Start()
	t.Cleanup(p.Stop)
	require.Equal(t, 401, p.From("canary-wrong-secret", "x", "", ""))
	series, _ := p.Metrics(p.URL)
	for name := range series {
		assert.NotContains(t, name, "recordings")
	}
	assert.Empty(t, files(t, p.Cmd.Dir))
}

func TestDirectoryIsChecked(t *testing.T) {
	parent := t.TempDir()
	open, missing := filepath.Join(parent, "open"), filepath.Join(parent, "missing")
	require.NoError(t, os.Mkdir(open, 0o755))
	type result struct {
		Status int
		Text   string
	}
	for name, c := range map[string]struct {
		dir, want string
		status    int
	}{
		"open to others":    {open, "gateway: -record: others can read the directory or write to it: its mode is 0755, want 0700\n", 2},
		"no place":          {filepath.Join(missing, "x"), "gateway: -record: stat " + missing + ": no such file or directory\n", 2},
		"it would be made":  {missing, "", 0},
		"an empty variable": {"", "gateway: -record is empty\nSee gateway -help.\n", 2},
	} {
		t.Run(name, func(t *testing.T) {
			status, _, stderr := gatewaytest.RunToEnd(t, gatewaytest.WithRelock, "-check", "-record", c.dir)
			if diff := cmp.Diff(result{c.status, c.want}, result{status, stderr}); diff != "" {
				t.Errorf("-check (-want +got):\n%s", diff)
			}
			if c.status != 0 {
				status, _, _ = gatewaytest.RunToEnd(t, gatewaytest.WithRelock, "-addr", "127.0.0.1:0", "-record", c.dir)
				assert.Equal(t, 2, status)
			}
		})
	}
	assert.NoDirExists(t, missing, "-check makes nothing")
}

// Requests to other paths are no business of the recorder.
func TestOtherPathsAreNotRecorded(t *testing.T) {
	dir := private(t)
	p := gatewaytest.Start(t, gatewaytest.WithRelock, "-record", dir)
	for _, path := range []string{"/webhooks/unloc", "/webhooks/relock/x", "/x", "/dead"} {
		r, err := gatewaytest.Post(t, p.URL+path, "{}")
		require.NoError(t, err)
		status, _ := p.Send(r, nil)
		require.GreaterOrEqual(t, status, http.StatusBadRequest)
	}
	p.Stop()
	assert.Empty(t, files(t, dir))
}
