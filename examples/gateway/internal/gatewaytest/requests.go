package gatewaytest

import (
	"errors"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/relock"
)

// Received is the answer to an event that was taken.
const Received = `{"received":true}`

// Get returns a GET request.
func Get(t *testing.T, url string) (*http.Request, error) {
	return http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
}

// Alert returns a request of Relock with this description, signed with secret.
func (p *Process) Alert(secret, description string) (*http.Request, error) {
	return relock.NewRequest(p.T.Context(), p.URL+"/webhooks/relock", secret,
		&relock.SecurityAlert{AlertID: "a-1", Description: description, Timestamp: time.Now()})
}

// From sends an alert with a header, unless that is "", and returns the status of the
// answer.
func (p *Process) From(secret, description, header, value string) int {
	p.T.Helper()
	r, err := p.Alert(secret, description)
	require.NoError(p.T, err)
	if header != "" {
		r.Header.Set(header, value)
	}
	status, _ := p.Send(r, nil)
	return status
}

// Accept sends alerts, which must be answered 200.
func (p *Process) Accept(descriptions ...string) {
	p.T.Helper()
	for _, d := range descriptions {
		require.Equal(p.T, 200, p.From(RelockSecret, d, "", ""))
	}
}

// End sends the end of each session. The same session gives the same event.
func (p *Process) End(sessions ...string) {
	p.T.Helper()
	for _, id := range sessions {
		status, _ := p.Send(relock.NewRequest(p.T.Context(), p.URL+"/webhooks/relock", RelockSecret, &relock.SessionEnded{SessionID: id}))
		require.Equal(p.T, 200, status)
	}
}

// Curl posts body with curl, and returns the status and body of the answer.
func Curl(t *testing.T, url, body string, args ...string) (status, answer string) {
	t.Helper()
	args = append([]string{
		"-sS", "--noproxy", "*", "--max-time", "20", "-w", "\n%{http_code}",
		"-H", "Content-Type: application/json", "--data-binary", "@-",
	}, append(args, url)...)
	out := Execute(t, body, "curl", args...)
	i := strings.LastIndexByte(out, '\n')
	return out[i+1:], out[:i]
}

// Execute runs a program and returns its standard output.
func Execute(t *testing.T, stdin, name string, args ...string) string {
	t.Helper()
	Needs(t, name)
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "%s: %s", name, &stderr)
	return string(out)
}

// Needs skips a test where a program is missing.
func Needs(t *testing.T, programs ...string) {
	t.Helper()
	for _, name := range programs {
		_, err := exec.LookPath(name)
		if errors.Is(err, exec.ErrNotFound) {
			t.Skipf("there is no %s here", name)
		}
		require.NoError(t, err)
	}
}

// AdminPassword is the password of the user ops of WithAdmin.
const AdminPassword = "canary-admin-password"

// WithAdmin is WithRelock, with a password for the admin paths.
var WithAdmin = append(WithRelock[:1:1], "ADMIN_CREDENTIALS=ops:"+AdminPassword)
