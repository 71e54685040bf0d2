package main

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/examples/internal/vendors"
)

func TestHelp(t *testing.T) {
	for _, name := range []string{"-help", "-h"} {
		status, stdout, stderr := sendOut(t, name)
		assert.Equal(t, 0, status)
		assert.Empty(t, stderr)
		new(settings).flags(new(raw)).VisitAll(func(f *flag.Flag) {
			assert.Regexp(t, `(?m)^  -`+f.Name+`( |$)`, stdout)
		})
		for _, v := range vendors.All {
			assert.Contains(t, stdout, v.Variable.Name)
		}
		for line := range strings.Lines(stdout) {
			assert.LessOrEqual(t, len([]rune(line)), 81, line)
		}
	}
}

// Each fault is found before anything is sent, and its message holds nothing secret.
func TestRefused(t *testing.T) {
	t.Setenv("LOGINRADIUS_SECRETS", " canary-with-a-space")
	missing := filepath.Join(t.TempDir(), "none")
	for name, test := range map[string]struct{ args, want string }{
		"no vendor":            {"", "-vendor is not one of userlock, unloc, relock, loginradius, all"},
		"other vendor":         {"-vendor canary", "-vendor is not one of userlock, unloc, relock, loginradius, all"},
		"file for all":         {"-vendor all -file x", "-vendor is not one of userlock, unloc, relock, loginradius"},
		"explain for all":      {"-vendor all -explain x", "-vendor is not one of userlock, unloc, relock, loginradius"},
		"close event":          {"-vendor relock -event security.alarm", "there is no such -event: did you mean security.alert?"},
		"other event":          {"-vendor relock -event canary", "there is no such -event: -list has their names"},
		"other flag":           {"-vendor relock -key=canary", "there is no such flag: see send -help"},
		"close flag":           {"-vendor relock -evnet=canary", "there is no such flag: did you mean -event?"},
		"secret as a flag":     {"-vendor relock -canary-relock-secret", "there is no such flag: see send -help"},
		"secret, hyphens":      {"-vendor relock ---canary", "an argument is not a flag: see send -help"},
		"secret, equals sign":  {"-vendor relock --=canary", "an argument is not a flag: see send -help"},
		"secret for a boolean": {"-vendor relock -list=canary", "the value of -list is not valid: see send -help"},
		"no value":             {"-vendor relock -secret", "flag needs an argument: -secret"},
		"arguments":            {"-vendor relock canary", "there are arguments after the flags"},
		"no secret":            {"-vendor relock", "there is no secret: use -secret-file, or set RELOCK_SECRETS"},
		"no secret of some":    {"-vendor all -event logon", "there is no secret: use -secret-file, or set USERLOCK_IDS"},
		"short secret":         {"-vendor relock -secret canary", "-secret: relock: secrets[0] has fewer than 16 bytes"},
		"space in a variable":  {"-vendor loginradius", "LOGINRADIUS_SECRETS: loginradius: secrets[0] has white space or an invisible character at an end, as from a file or by copying"},
		"space in a file":      {"-vendor relock -secret-file " + writeFile(t, "canary-relock-secret \n"), "-secret-file: relock: secrets[0] has white space or an invisible character at an end, as from a file or by copying"},
		"comment in a file":    {"-vendor relock -secret-file " + writeFile(t, "# canary\n"), "-secret-file: entry 1 begins with #: there are no comments, and anybody could guess such a secret"},
		"no file":              {"-vendor relock -secret-file " + missing, "-secret-file: cannot read the file: no such file or directory"},
		"no pair":              {"-vendor unloc -secret canary", "-secret of unloc is not user:password"},
		"no GUID":              {"-vendor userlock -secret canary", "-secret: userlock: ids[0] is not a GUID, such as 5f0c8a2e-9d41-4b7e-8c36-1a2b3c4d5e6f, or has only zeros"},
		"secret for all":       {"-vendor all -secret canary-relock-secret", "-secret and -secret-file are for one vendor: set the variables instead"},
		"two secrets":          {"-vendor relock -secret canary-relock-secret -secret-file x", "-secret and -secret-file exclude each other"},
		"two rates":            {"-vendor relock -rate 1 -every 1s", "-rate and -every exclude each other"},
		"two bodies":           {"-vendor relock -file x -event y", "-file and -event exclude each other"},
		"rate":                 {"-vendor relock -rate 0", "-rate is not between 0.001 and 1000000"},
		"fast":                 {"-vendor relock -rate 1e7", "-rate is not between 0.001 and 1000000"},
		"every":                {"-vendor relock -every -1s", "-every is not above 0"},
		"count":                {"-vendor relock -count -1", "-count is less than 0"},
		"count, no number":     {"-vendor relock -count canary", "the value of -count is not valid: see send -help"},
		"concurrency":          {"-vendor relock -concurrency 0", "-concurrency is not between 1 and 1024"},
		"timeout":              {"-vendor relock -timeout 2h", "-timeout is not above 0 and at most 1h0m0s"},
		"expect":               {"-vendor relock -expect 99", "-expect is not a status from 200 to 599"},
		"empty":                {"-vendor relock -url=", "-url is empty"},
		"header":               {"-vendor relock -header X:canary", "-header is only for -explain"},
		"print for ever":       {"-vendor relock -print -count 0", "-print with -count 0 would have no end"},
		"print at a rate":      {"-vendor relock -print -rate 5", "-rate cannot be used with -print"},
		"list with a secret":   {"-list -secret canary", "-secret cannot be used with -list"},
		"explain and send":     {"-vendor relock -explain x -tamper", "-tamper cannot be used with -explain"},
		"URL without a scheme": {"-vendor relock -url localhost:8080", "-url does not begin with http:// or https:// and a host"},
		"URL of a file":        {"-vendor relock -url file:///canary", "-url does not begin with http:// or https:// and a host"},
		"URL without a host":   {"-vendor relock -url http://:80/canary", "-url does not begin with http:// or https:// and a host"},
		"broken URL":           {"-vendor relock -url http://%zz/canary", "-url does not begin with http:// or https:// and a host"},
		"URL with a user":      {"-vendor unloc -url https://u:canary@example.com/", "-url has a user; for Unloc use -secret user:password, or -secret-file"},
		"URL with a fragment":  {"-vendor relock -url http://localhost/#canary", "-url has a fragment, which is never sent"},
		"one path for several": {"-vendor all -url http://localhost/hook", "-url has a path, which cannot be that of several vendors"},
		"time":                 {"-vendor relock -time yesterday", "-time is neither a time such as 2026-03-01T14:00:00Z nor how far it is off, such as -2h"},
		"set":                  {"-vendor relock -set data.userId", `-set: "data.userId" is neither path=text nor path:=JSON`},
		"set below a text":     {"-vendor relock -secret canary-relock-secret -set data.userId.x=1", "-set: data.userId is neither an object nor an array"},
		"set in no JSON":       {"-vendor relock -secret canary-relock-secret -set a=1 -file " + writeFile(t, "text"), "-set: the body is not JSON"},
		"time in no JSON":      {"-vendor relock -secret canary-relock-secret -time -1h -file " + writeFile(t, "text"), "-time: the body is not JSON"},
		"empty file":           {"-vendor relock -secret canary-relock-secret -file " + writeFile(t, ""), "-file has no body"},
		"empty standard input": {"-vendor relock -secret canary-relock-secret -file -", "-file has no body"},
		"authorities":          {"-vendor relock -secret canary-relock-secret -ca " + writeFile(t, "canary"), "-ca has no certificate in PEM"},
		"no authorities":       {"-vendor relock -secret canary-relock-secret -ca " + missing, "-ca: open " + missing + ": no such file or directory"},
		"no such file to send": {"-vendor relock -secret canary-relock-secret -file " + missing, "-file: open " + missing + ": no such file or directory"},
	} {
		t.Run(name, func(t *testing.T) {
			status, stdout, stderr := sendOut(t, strings.Fields(test.args)...)
			assert.Equal(t, 2, status)
			assert.Empty(t, stdout)
			assert.Equal(t, "send: "+test.want+"\n", stderr)
		})
	}
}

func TestSecretsOfFlags(t *testing.T) {
	r := newReceiver(t)
	for _, v := range vendors.All { // the flags count more
		t.Setenv(v.Variable.Name, secrets["relock"]+",other")
	}
	for _, v := range vendors.All {
		status, _, stderr := sendOut(t, "-vendor", v.Name, "-count", "1", "-url", r.URL, "-secret", secrets[v.Name])
		assert.Equal(t, 0, status)
		assert.Equal(t, "send: warning: others on this machine can see -secret in the list of processes: use -secret-file or "+v.Variable.Name+"\n", stderr)

		file := writeFile(t, secrets[v.Name]+"\r\n"+secrets[v.Name]+"\n")
		status, _, stderr = sendOut(t, "-vendor", v.Name, "-count", "1", "-url", r.URL, "-secret-file", file)
		assert.Equal(t, 0, status)
		assert.Empty(t, stderr)

		require.NoError(t, os.Chmod(file, 0o644))
		status, _, stderr = sendOut(t, "-vendor", v.Name, "-count", "1", "-url", r.URL, "-secret-file", file)
		assert.Equal(t, 0, status)
		assert.Equal(t, "send: warning: -secret-file: others on this machine can read or change the file, its mode is 0644\n", stderr)
	}
}

// A comma in -secret is a part of it. In a variable it separates secrets, of which the
// first signs.
func TestCommaInASecret(t *testing.T) {
	with := func(env string, args ...string) string {
		t.Setenv("RELOCK_SECRETS", env)
		s, err := parse(append([]string{"-vendor", "relock"}, args...), nil)
		require.NoError(t, err)
		secret, _ := s.credentials["relock"].Secrets[0].Reveal()
		return secret
	}
	assert.Equal(t, "canary-one,canary-two", with("x", "-secret", "canary-one,canary-two"))
	assert.Equal(t, "canary-relock-one", with("canary-relock-one,canary-relock-two"))
}

// -explain also looks at the secrets of others, and at those that a receiver would refuse.
func TestSecretsForExplain(t *testing.T) {
	t.Setenv("LOGINRADIUS_SECRETS", secrets["loginradius"])
	t.Setenv("UNLOC_CREDENTIALS", "canary without a colon")
	s, err := parse([]string{"-vendor", "relock", "-explain", "-", "-secret", " short ", "-header", "A: b", "-header", "C: d"}, nil)
	require.NoError(t, err)
	assert.Len(t, s.credentials, 2)
	assert.True(t, s.credentials["relock"].Secrets[0].Equal(event.NewSecret(" short ")))
	assert.Len(t, s.credentials["loginradius"].Secrets, 1)
	assert.Equal(t, []string{"A: b", "C: d"}, s.headers)
	assert.Equal(t, "-", s.explain)

	s, err = parse([]string{"-vendor", "relock", "-explain", "-"}, nil)
	require.NoError(t, err, "the form of a request can be looked at without a secret")
	assert.NotContains(t, s.credentials, "relock")
}

func TestTarget(t *testing.T) {
	setSecrets(t)
	for given, want := range map[string]string{
		"":                                   "http://127.0.0.1:8080/webhooks/relock",
		"http://localhost:9000":              "http://localhost:9000/webhooks/relock",
		"https://example.com?a=b":            "https://example.com/webhooks/relock?a=b",
		"https://example.com/":               "https://example.com/",
		"https://example.com/Home/Notify%2F": "https://example.com/Home/Notify%2F",
		"http://[::1]:80":                    "http://[::1]:80/webhooks/relock",
	} {
		args := []string{"-vendor", "relock"}
		if given != "" {
			args = append(args, "-url", given)
		}
		s, err := parse(args, nil)
		require.NoError(t, err)
		d, err := s.next(s.chosen[0])
		require.NoError(t, err)
		assert.Equal(t, want, d.url)
		assert.Empty(t, s.warnings)
	}
	s, err := parse([]string{"-vendor", "relock", "-url", "http://192.0.2.1/"}, nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"-url is not https: the events and the credentials of UserLock and Unloc are sent in clear"}, s.warnings)
}

func TestList(t *testing.T) {
	status, stdout, stderr := sendOut(t, "-list", "-json")
	assert.Equal(t, 0, status)
	assert.Empty(t, stderr)
	var rows []row
	require.NoError(t, json.Unmarshal([]byte(stdout), &rows))
	got := make(map[string]map[string]event.Type)
	for _, r := range rows {
		v, ok := vendors.Named(r.Vendor)
		require.True(t, ok)
		assert.Equal(t, v.Variable.Name, r.Variable)
		if got[r.Vendor] == nil {
			got[r.Vendor] = make(map[string]event.Type)
		}
		own := r.Event
		if r.Vendor == "userlock" {
			own = r.Code
			assert.Regexp(t, `^[a-z-]+$`, r.Event, "every code has a name")
		} else {
			assert.Empty(t, r.Code)
		}
		got[r.Vendor][own] = r.Type
	}
	for _, v := range vendors.All {
		assert.Equal(t, v.Types(), got[v.Name])
	}
	assert.Len(t, got, len(vendors.All))

	_, stdout, _ = sendOut(t, "-list")
	assert.Equal(t, len(rows)+1, strings.Count(stdout, "\n"))
	assert.Regexp(t, `^VENDOR +EVENT +CODE +TYPE +VARIABLE\n`, stdout)
	assert.Regexp(t, `(?m)^userlock +logon +1 +session.started +USERLOCK_IDS$`, stdout)
	_, stdout, _ = sendOut(t, "-list", "-vendor", "unloc")
	assert.Equal(t, 1+3, strings.Count(stdout, "\n"))
}
