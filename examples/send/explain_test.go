package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/examples/internal/capture"
	"github.com/accesshook/accesshook/examples/internal/explain"
	"github.com/accesshook/accesshook/examples/internal/vendors"
)

// captured returns a request of a vendor as a proxy would keep it.
func captured(t *testing.T, name string) *capture.Request {
	v, ok := vendors.Named(name)
	require.True(t, ok)
	values, err := v.Variable.Read()
	require.NoError(t, err)
	r, err := v.Request(t.Context(), "http://example.com/hook", values, v.Payloads(time.Now())[0])
	require.NoError(t, err)
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	return &capture.Request{Method: http.MethodPost, Target: "/hook", Header: r.Header, Body: body}
}

func text(t *testing.T, q *capture.Request) string {
	var b bytes.Buffer
	require.NoError(t, q.Write(&b))
	return b.String()
}

func TestExplain(t *testing.T) {
	setSecrets(t)
	for _, v := range vendors.All {
		q := captured(t, v.Name)
		file := writeFile(t, text(t, q))
		status, stdout, stderr := sendOut(t, "-explain", file, "-vendor", v.Name)
		assert.Equal(t, 0, status, stdout)
		assert.Contains(t, stdout, "\nThe request would be accepted.\n")
		assert.Empty(t, stderr)
		status, stdout, stderr = sendOut(t, "-explain", file)
		assert.Equal(t, 0, status, stdout)
		assert.Regexp(t, `^send: warning: the request is taken for one of `+v.Name+` because of .*: -vendor says otherwise\n$`, stderr)

		switch v.Name {
		case "userlock":
			q.Body = bytes.ReplaceAll(q.Body, []byte(`"UserLockId":"`), []byte(`"UserLockId":"urn:uuid:`))
		case "unloc":
			q.Header.Set("Authorization", "Bearer x")
		default:
			q.Body = append(q.Body, '\n')
		}
		status, stdout, _ = sendOut(t, "-explain", writeFile(t, text(t, q)), "-vendor", v.Name)
		assert.Equal(t, 1, status, stdout)
		assert.Contains(t, stdout, "\nThe request would be refused.\nCause: ")
		assert.Contains(t, stdout, "\nWhat to do: ")
	}
}

func TestExplainUserLock(t *testing.T) {
	setSecrets(t)
	q := captured(t, "userlock")
	q.Body = bytes.ReplaceAll(q.Body, []byte(`"UserAccount"`), []byte(`"LogonUserName"`))
	_, stdout, _ := sendOut(t, "-explain", writeFile(t, text(t, q)))
	assert.Regexp(t, `(?m)^  UserLockId +GUID +UserLockId$`, stdout)
	assert.Regexp(t, `(?m)^  LogonUserName +text of [0-9]+ characters +nothing. The name is not known.$`, stdout)
	assert.Regexp(t, `(?m)^	"LogonUserName": "UserAccount", // text of [0-9]+ characters$`, stdout)
}

func TestExplainABody(t *testing.T) {
	setSecrets(t)
	q := captured(t, "relock")
	args := []string{"-explain", "-", "-json", "-vendor", "relock", "-header", "x-relock-signature:  " + q.Header.Get("X-Relock-Signature")}
	for in, want := range map[string]string{
		string(q.Body):        "",
		string(q.Body) + "\n": "The signature is that of secret 1 for the body without the line feed at its end.",
		text(t, q):            "send: -header is for a file with a body alone, and that of -explain has a header\n",
	} {
		var out, log bytes.Buffer
		status := run(t.Context(), args, strings.NewReader(in), &out, &log)
		if strings.HasPrefix(want, "send:") {
			assert.Equal(t, 2, status)
			assert.Equal(t, want, log.String())
			continue
		}
		var report explain.Report
		require.NoError(t, json.Unmarshal(out.Bytes(), &report))
		assert.Equal(t, want, report.Cause)
		assert.Equal(t, want == "", report.Accepted)
		assert.Equal(t, want != "", status == 1)
		requireNoSecret(t, out.String(), log.String())
	}
}

func TestExplainWithASecretOfAFlag(t *testing.T) {
	setSecrets(t)
	q := captured(t, "relock")
	t.Setenv("RELOCK_SECRETS", "canary-another-secret")
	file := writeFile(t, text(t, q))
	status, stdout, _ := sendOut(t, "-explain", file, "-secret-file", writeFile(t, secrets["relock"]+"\n"))
	assert.Equal(t, 0, status, stdout)
	status, stdout, _ = sendOut(t, "-explain", file)
	assert.Equal(t, 1, status, stdout)
	t.Setenv("RELOCK_SECRETS", secrets["loginradius"])
	t.Setenv("LOGINRADIUS_SECRETS", secrets["relock"])
	_, stdout, _ = sendOut(t, "-explain", file)
	assert.Contains(t, stdout, "Cause: The signature is that of entry 1 of LOGINRADIUS_SECRETS, which is for another vendor.")
}

func TestExplainRefuses(t *testing.T) {
	for want, args := range map[string][]string{
		"-explain: open none: no such file or directory":                   {"-explain", "none"},
		"-explain cannot tell which vendor the request is of: use -vendor": {"-explain", writeFile(t, "canary")},
		"-header 2 is not 'Name: value'":                                   {"-explain", writeFile(t, "{}"), "-vendor", "relock", "-header", "A: b", "-header", "canary"},
		"-explain: capture: a response, not a request":                     {"-explain", writeFile(t, "HTTP/1.1 200 OK\r\n\r\n"), "-vendor", "relock"},
		"-secret of unloc is not user:password":                            {"-explain", writeFile(t, "Authorization: x\r\n\r\n{}"), "-secret", "canary"},
	} {
		status, stdout, stderr := sendOut(t, args...)
		assert.Equal(t, 2, status)
		assert.Empty(t, stdout)
		assert.Equal(t, "send: "+want, strings.TrimSpace(stderr[strings.LastIndex(strings.TrimSpace(stderr), "\n")+1:]))
	}
}
