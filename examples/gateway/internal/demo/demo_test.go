package demo_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/examples/gateway/internal/demo"
	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
	"github.com/accesshook/accesshook/examples/internal/vendors"
)

func TestMain(m *testing.M) { os.Exit(gatewaytest.Main(m)) }

func start(t *testing.T, args ...string) *gatewaytest.Process {
	t.Helper()
	p := gatewaytest.Start(t, nil, append([]string{"-demo", "-demo-fast"}, args...)...)
	p.Eventually("the demo did not finish", func() bool {
		return strings.Contains(p.Stderr.String(), "demo: every event was sent and accepted")
	})
	return p
}

func TestDemoSendsEveryDocumentedEvent(t *testing.T) {
	p := start(t)
	status, _ := p.Send(gatewaytest.Get(t, p.URL+"/healthz"))
	assert.Equal(t, 200, status, "it goes on serving")
	p.Stop()

	got := make(map[string][]string)
	ids := make(map[string]bool)
	for _, e := range p.Events() {
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
	p := start(t)
	p.Stop()

	events := p.Events()
	lines := slices.Collect(strings.Lines(p.Stdout.String()))
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

// The demo opens with the address of the page, a command that works, and how to stop.
func TestDemoSaysWhatToDo(t *testing.T) {
	p := start(t)
	lines := strings.SplitN(p.Stderr.String(), "\n", 5)
	require.Len(t, lines, 5)
	assert.Equal(t, "Live page:          "+p.URL+"/", lines[0])
	command, ok := strings.CutPrefix(lines[1], "Your own event:     ")
	require.True(t, ok, lines[1])
	assert.Equal(t, "Stop:               Ctrl-C", lines[2])
	assert.Empty(t, lines[3])

	gatewaytest.Needs(t, "curl")
	assert.Equal(t, gatewaytest.Received, gatewaytest.Execute(t, "", "sh", "-c", command+" -sS --noproxy '*'"))
	p.Stop()
	events := p.Events()
	assert.Equal(t, "My door", events[len(events)-1].Lock.Name)
}

// Where the page is not to be had, the demo says why, and where it asks for a password.
func TestDemoSaysWhereThePageIs(t *testing.T) {
	for name, test := range map[string]struct {
		env, args []string
		want      string
	}{
		"open":        {nil, []string{"-addr", "0.0.0.0:0"}, `needs -admin-addr or ADMIN_CREDENTIALS`},
		"password":    {[]string{"ADMIN_CREDENTIALS=ops:canary-long-password"}, nil, `http://127\.0\.0\.1:\d+/ \(log in`},
		"own address": {nil, []string{"-addr", "0.0.0.0:0", "-admin-addr", "127.0.0.1:0"}, `http://127\.0\.0\.1:\d+/\n`},
	} {
		t.Run(name, func(t *testing.T) {
			p := gatewaytest.Start(t, test.env, append([]string{"-demo", "-demo-fast"}, test.args...)...)
			assert.Regexp(t, `(?m)^Live page: +`+test.want, p.Stderr.String())
		})
	}
}

// Neither the events nor the log have a secret of the vendors, or one in a payload.
func TestDemoKeepsItsSecrets(t *testing.T) {
	d := demo.New()
	var env []string
	secrets := []string{"a-hash-that-must-not-be-written"}
	for _, v := range vendors.All {
		values := d.Credentials(v.Name)
		for _, s := range values.Secrets {
			text, _ := s.Reveal()
			env = append(env, v.Variable.Name+"="+text)
			secrets = append(secrets, text, strings.ReplaceAll(text, "-", ""), text[9:])
		}
		for _, c := range values.Credentials {
			text, _ := c.Password.Reveal()
			env = append(env, v.Variable.Name+"="+c.User+":"+text)
			secrets = append(secrets, text)
		}
	}
	require.Len(t, secrets, 1+3*3+1)
	p := gatewaytest.Start(t, env)
	n, err := d.Send(t.Context(), p.URL, 0)
	require.NoError(t, err)
	require.Equal(t, 20+3+7+31, n)
	p.Stop()
	require.Len(t, p.Events(), n)
	for _, secret := range secrets {
		assert.NotContains(t, strings.ToLower(p.Stdout.String()+p.Stderr.String()), strings.ToLower(secret))
	}
	other := demo.New()
	for _, v := range vendors.All {
		assert.NotEqual(t, d.Credentials(v.Name), other.Credentials(v.Name), "each demo has its own")
	}
}

func TestDemoServesWhatIsConfiguredAsWell(t *testing.T) {
	p := gatewaytest.Start(t, gatewaytest.WithRelock, "-demo", "-demo-fast")
	assert.Equal(t, 200, p.From(gatewaytest.RelockSecret, "alert", "", ""))
}

func TestDemoFailsIfAnEventIsRefused(t *testing.T) {
	p := gatewaytest.Start(t, nil, "-demo", "-demo-fast")
	n, err := demo.New().Send(t.Context(), p.URL, 0) // with other secrets
	require.ErrorContains(t, err, "answered 401")
	assert.Zero(t, n)
}

func TestDemoFailsIfAnEventIsNotTaken(t *testing.T) {
	p := gatewaytest.New(t, nil, "-demo", "-demo-fast", "-output-grace", "1h")
	p.Cmd.Stdout = gatewaytest.ClosedPipe(t)
	p.Start()
	assert.Equal(t, 1, p.Wait())
	assert.Regexp(t, `level=ERROR msg=failed error="demo: POST /webhooks/\w+: answered 500`, p.Stderr.String())
}

func TestDemoPortTaken(t *testing.T) {
	other, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer other.Close()
	status, stdout, stderr := gatewaytest.RunToEnd(t, nil, "-demo", "-addr", other.Addr().String())
	assert.Equal(t, 1, status)
	assert.Empty(t, stdout)
	assert.Contains(t, stderr, other.Addr().String())
	assert.Contains(t, stderr, "address already in use")
}

// The events come over some time, mixed, and in the order in which they happened.
func TestDemoTakesItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var vendors []string
		var times []time.Duration
		l := newPipeListener()
		server := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			vendors = append(vendors, strings.TrimPrefix(r.URL.Path, "/webhooks/"))
			times = append(times, time.Since(began))
		})}
		go func() { _ = server.Serve(l) }()
		_, err := demo.New().SendBy(t.Context(), l.dial, 10*time.Second)
		require.NoError(t, err)
		_ = server.Close()
		assert.True(t, slices.IsSorted(times))
		assert.Less(t, times[0], time.Second)
		assert.Greater(t, times[len(times)-1], 9*time.Second)
		assert.Less(t, times[len(times)-1], 10*time.Second)
		first := slices.Compact(slices.Clone(vendors))
		assert.Greater(t, len(first), 20, "the vendors take turns: %s", fmt.Sprint(vendors))
	})
}

// A pipeListener is a listener without a network.
type pipeListener struct{ conns chan net.Conn }

func newPipeListener() *pipeListener { return &pipeListener{make(chan net.Conn)} }

func (l *pipeListener) Accept() (net.Conn, error) {
	c, ok := <-l.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (l *pipeListener) Close() error   { close(l.conns); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

func (l *pipeListener) dial(context.Context, string, string) (net.Conn, error) {
	near, far := net.Pipe()
	l.conns <- far
	return near, nil
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
		assert.Equal(t, want, demo.Reachable(addr))
	}
}
