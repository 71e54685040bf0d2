package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
)

func TestDemoSendsEveryDocumentedEvent(t *testing.T) {
	p := start(t, nil, "-demo")
	p.eventually("the demo did not finish", func() bool {
		return strings.Contains(p.stderr.String(), "demo: every event was sent and accepted")
	})
	status, _ := p.send(get(t, p.url+"/healthz"))
	assert.Equal(t, 200, status, "it goes on serving")
	p.stop()

	got := make(map[string][]string)
	ids := make(map[string]bool)
	for _, e := range p.events() {
		got[e.Vendor] = append(got[e.Vendor], e.VendorType)
		assert.NotEqual(t, event.Unknown, e.Type, "%s %s", e.Vendor, e.VendorType)
		assert.Empty(t, e.Warnings, "%s %s", e.Vendor, e.VendorType)
		assert.WithinDuration(t, time.Now(), e.Time, time.Minute, "%s %s", e.Vendor, e.VendorType)
		ids[e.Vendor+e.ID] = true
	}
	for _, types := range got {
		slices.Sort(types)
	}
	want := map[string][]string{
		"userlock": {"0", "1", "100", "101", "104", "120", "2", "20", "200", "201", "204", "220", "3", "4", "420", "5", "500", "501", "504", "6"},
		"unloc":    {"locked", "unlocked", "viewedCode"},
		"relock": {
			"authentication.failed", "authentication.success", "device.registered", "device.revoked",
			"security.alert", "session.created", "session.ended",
		},
		"loginradius": {
			"addemail", "assignroles", "blockaccount", "changepassword", "changepin", "consentprofileupdate",
			"createcustomobject", "createtraditionalaccount", "deleteaccount", "deletecustomobject",
			"emailverification", "invalidateemailverification", "invalidatephoneverification", "linkaccount",
			"login", "register", "removeemail", "removephoneid", "removerolecontext", "resetpassword", "resetpin",
			"setpassword", "setpin", "setusername", "unassignroles", "unlinkaccount", "updatecustomobject",
			"updatephoneid", "updateprofile", "updateuid", "verifyphonenumber",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events by vendor (-want +got):\n%s", diff)
	}
	assert.Len(t, ids, 20+3+7+31, "IDs are unique")
}

func TestDemoLinesAreCloudEvents(t *testing.T) {
	p := start(t, nil, "-demo")
	p.eventually("the demo did not finish", func() bool {
		return strings.Contains(p.stderr.String(), "demo: every event was sent and accepted")
	})
	p.stop()

	events := p.events()
	lines := slices.Collect(strings.Lines(p.stdout.String()))
	require.Len(t, lines, len(events))
	for i, line := range lines {
		var got struct {
			SpecVersion     string
			ID              string
			Source          string
			Type            string
			Time            time.Time
			Subject         string
			DataContentType string
			Data            map[string]json.RawMessage
		}
		require.NoError(t, json.Unmarshal([]byte(line), &got))
		e := events[i]
		assert.Equal(t, "1.0", got.SpecVersion)
		assert.Equal(t, "application/json", got.DataContentType)
		assert.Equal(t, e.ID, got.ID)
		assert.Equal(t, "accesshook/"+e.Vendor, got.Source)
		assert.Equal(t, "accesshook."+string(e.Type), got.Type)
		assert.True(t, e.Time.Equal(got.Time))
		if subject := e.Lock.ID + e.Device.ID; subject != "" {
			assert.Equal(t, subject, got.Subject)
		}
		for _, member := range []string{"vendor", "type", "vendorType", "outcome", "severity", "payload"} {
			assert.Contains(t, got.Data, member)
		}

		again, err := cloudevent.Encode(e)
		require.NoError(t, err)
		if diff := cmp.Diff(line, string(again)+"\n"); diff != "" {
			t.Errorf("decoded and encoded again (-line +again):\n%s", diff)
		}
	}
}

func TestDemoKeepsItsSecrets(t *testing.T) {
	var stdout, stderr buffer
	log := slog.New(slog.NewTextHandler(&stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	d := newDemo()
	ctx, cancel := context.WithCancel(t.Context())
	addr, served := serveHere(ctx, t, d.credentials(), &stdout, log)
	require.NoError(t, d.send(ctx, addr, log))
	cancel()
	require.NoError(t, <-served)

	assert.Len(t, decodeLines(t, stdout.String()), 20+3+7+31)
	out := stdout.String() + stderr.String()
	for _, secret := range []string{
		d.unlocPassword, d.relockSecret, d.loginRadiusSecret, demoPasswordHash,
		d.userLockID, strings.ReplaceAll(d.userLockID, "-", ""), d.userLockID[9:],
	} {
		require.NotEmpty(t, secret)
		assert.NotContains(t, strings.ToLower(out), strings.ToLower(secret))
	}
}

func TestDemoSecretsDiffer(t *testing.T) {
	a, b := newDemo(), newDemo()
	assert.NotEqual(t, a.userLockID, b.userLockID)
	assert.NotEqual(t, a.unlocPassword, b.unlocPassword)
	assert.NotEqual(t, a.relockSecret, b.relockSecret)
	assert.NotEqual(t, a.loginRadiusSecret, b.loginRadiusSecret)
}

func TestDemoServesWhatIsConfiguredAsWell(t *testing.T) {
	p := start(t, []string{"RELOCK_SECRETS=canary-relock-secret"}, "-demo")
	status, _ := p.send(relockRequest(t, p, "canary-relock-secret", "alert"))
	assert.Equal(t, 200, status)
}

func TestDemoFailsIfAnEventIsRefused(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	addr, _ := serveHere(t.Context(), t, newDemo().credentials(), io.Discard, log)
	err := newDemo().send(t.Context(), addr, log) // with other secrets
	require.ErrorContains(t, err, "POST /webhooks/userlock: answered 401")
}

func TestDemoFailsIfAnEventIsNotTaken(t *testing.T) {
	var stderr buffer
	status := run(t.Context(), nil, []string{"-demo", "-addr", "127.0.0.1:0"}, noEnvironment, brokenWriter{}, &stderr)
	assert.Equal(t, exitFailed, status)
	assert.Contains(t, stderr.String(), "level=ERROR msg=failed error=\"demo: POST /webhooks/userlock: answered 500")
}

func TestDemoPortTaken(t *testing.T) {
	other, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer other.Close()
	status, stdout, stderr := runToEnd(t, nil, "-demo", "-addr", other.Addr().String())
	assert.Equal(t, exitFailed, status)
	assert.Empty(t, stdout)
	assert.Contains(t, stderr, other.Addr().String())
	assert.Contains(t, stderr, "address already in use")
}

func TestReachable(t *testing.T) {
	for listening, want := range map[string]string{
		"127.0.0.1:8080": "127.0.0.1:8080",
		"0.0.0.0:8080":   "127.0.0.1:8080",
		"[::]:8080":      "127.0.0.1:8080",
		"[::1]:8080":     "[::1]:8080",
		"192.0.2.1:80":   "192.0.2.1:80",
	} {
		addr, err := net.ResolveTCPAddr("tcp", listening)
		require.NoError(t, err)
		assert.Equal(t, want, reachable(addr))
	}
}

// serveHere serves in this process until ctx is done.
func serveHere(ctx context.Context, t *testing.T, credentials map[string][]string, stdout io.Writer, log *slog.Logger) (net.Addr, <-chan error) {
	t.Helper()
	o, err := parseOptions(nil, io.Discard)
	require.NoError(t, err)
	events := newEvents(stdout)
	m := newMetrics(events)
	receivers, err := newReceivers(o, noEnvironment, credentials, m, log)
	require.NoError(t, err)
	p := newPipeline(o, events, receivers, nil, m, log)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() {
		served <- newServer(o, http.NewServeMux(), receivers, p, newHealth(receivers, p), log).serve(ctx, l)
	}()
	return l.Addr(), served
}

func noEnvironment(string) (string, bool) { return "", false }

// A brokenWriter is a full disk.
type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("no space left") }
