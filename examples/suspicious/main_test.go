package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/userlock"
)

// output collects what a running program writes.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// A process is the program, running in this one.
type process struct {
	t              *testing.T
	url            string
	stdout, stderr output
	cancel         context.CancelFunc
	ended          chan int
}

var listening = regexp.MustCompile(`msg=listening addr=(\S+)`)

// start runs the program until the test ends or stop is called.
func start(t *testing.T, lookup lookupEnv, args ...string) *process {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	p := &process{t: t, cancel: cancel, ended: make(chan int, 1)}
	go func() {
		p.ended <- run(ctx, append([]string{"-addr", "127.0.0.1:0"}, args...), lookup, &p.stdout, &p.stderr)
	}()
	t.Cleanup(p.stop)
	p.eventually("it does not listen", func() bool {
		m := listening.FindStringSubmatch(p.stderr.String())
		if m != nil {
			p.url = "http://" + m[1] + "/webhooks/"
		}
		return m != nil || len(p.ended) > 0
	})
	require.NotEmpty(t, p.url, p.stderr.String())
	return p
}

func (p *process) stop() {
	p.cancel()
	if status, ok := <-p.ended; ok {
		close(p.ended)
		assert.Equal(p.t, 0, status, p.stderr.String())
	}
}

func (p *process) eventually(message string, f func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(time.Minute); !f(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("%s\n%s\n%s", message, p.stdout.String(), p.stderr.String())
		}
	}
}

// records returns the audit lines so far.
func (p *process) records() []record {
	p.t.Helper()
	var all []record
	for line := range strings.Lines(p.stdout.String()) {
		if !strings.HasSuffix(line, "\n") {
			break // still being written
		}
		var r record
		require.NoError(p.t, json.Unmarshal([]byte(line), &r), line)
		all = append(all, r)
	}
	return all
}

// decisions waits for so many audit lines, and returns "decision account because" of each.
func (p *process) decisions(n int) []string {
	p.t.Helper()
	p.eventually("audit lines are missing", func() bool { return len(p.records()) >= n })
	var all []string
	for _, r := range p.records() {
		all = append(all, strings.TrimSpace(r.Decision+" "+r.Account+" "+r.Because))
	}
	return all
}

func (p *process) post(r *http.Request, err error) {
	p.t.Helper()
	require.NoError(p.t, err)
	res, err := http.DefaultClient.Do(r)
	require.NoError(p.t, err)
	res.Body.Close()
	require.Equal(p.t, 200, res.StatusCode)
}

// alert sends a security alert of Relock about a user whose ID there is the account.
func (p *process) alert(id, account string) {
	p.t.Helper()
	p.post(relock.NewRequest(p.t.Context(), p.url+"relock", secret, relock.SecurityAlert{AlertID: id, UserID: account, Severity: "high", IPAddress: abroad, Timestamp: time.Now()}))
}

// flags returns those for a directory, with a new data directory.
func (d *fakeDirectory) flags(more ...string) []string {
	users := `{"relock id:ada": "ada", "relock id:bo": "BO@example.test", "relock id:mail": "bo@example.com"`
	for dn := range d.entries {
		name := d.entries[dn]["sAMAccountName"][0]
		if name != "ada" && name != "bo" {
			text, _ := json.Marshal(name)
			users += `, "relock id:` + strings.Trim(string(text), `"`) + `": ` + string(text)
		}
	}
	users += `, "relock id:*": "*", "relock id:nobody": "nobody", "relock id:jose": "jose", "relock id:)(": "ada)(objectClass=*", "relock id:twins": "twins@example.com"}`
	file := filepath.Join(d.t.TempDir(), "users.json")
	require.NoError(d.t, os.WriteFile(file, []byte(users), 0o600))
	return append([]string{
		"-data", d.t.TempDir(), "-retry", "50ms", "-domain", "EXAMPLE", "-accounts", file,
		"-directory", "ldaps://" + d.addr, "-ca", d.ca, "-base", baseDN, "-bind", bindDN,
	}, more...)
}

func withPassword() lookupEnv { return variables("DIRECTORY_PASSWORD", bindPassword) }

func TestAccountIsDisabled(t *testing.T) {
	d := newFakeDirectory(t)
	d.start()
	p := start(t, withPassword(), d.flags("-act")...)
	p.alert("a-1", "ada")
	p.decisions(2)
	p.alert("a-2", "ada") // twice is harmless
	p.decisions(3)
	p.alert("a-3", "bo") // by its user principal name
	p.decisions(5)
	p.alert("a-4", "mail")
	want := []string{"disabling ada", "disabled ada", "nothing ada it is disabled already", "disabling bo@example.test", "disabled bo@example.test", "nothing bo@example.com it is disabled already"}
	if diff := cmp.Diff(want, p.decisions(6)); diff != "" {
		t.Errorf("audit lines (-want +got):\n%s", diff)
	}
	assert.Equal(t, "66050", d.control("ada"), "the other bits stay")
	assert.Equal(t, "514", d.control("bo"))
	assert.Equal(t, []string{"2 userAccountControl [66050]", "2 userAccountControl [514]"}, d.changes)

	r := p.records()[1]
	assert.WithinDuration(t, time.Now(), r.Time, time.Minute)
	assert.WithinDuration(t, time.Now(), r.Happened, time.Minute)
	assert.Len(t, r.Event, 64)
	r.Time, r.Happened, r.Event = time.Time{}, time.Time{}, ""
	assert.Equal(t, record{
		Decision: "disabled", Account: "ada", Entry: "CN=ada 0,OU=Staff," + baseDN, Vendor: "relock", Address: abroad,
		Why: `security.alert of severity high about relock "id:ada"`,
	}, r)
}

func TestPasswordInAFile(t *testing.T) {
	d := newFakeDirectory(t)
	d.password = "a password, with a comma"
	d.start()
	file := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(file, []byte(d.password+"\n"), 0o644))
	p := start(t, variables("DIRECTORY_PASSWORD_FILE", file), d.flags("-act")...)
	p.alert("a-1", "ada")
	assert.Equal(t, []string{"disabling ada", "disabled ada"}, p.decisions(2))
	assert.Contains(t, p.stderr.String(), "level=WARN msg=\"DIRECTORY_PASSWORD_FILE", "others can read the file")
	assert.NotContains(t, p.stderr.String(), d.password)
}

func TestWithoutActNothingIsDone(t *testing.T) {
	d := newFakeDirectory(t)
	d.start()
	d.user("old", 514, nil)
	p := start(t, withPassword(), d.flags()...)
	p.alert("a-1", "ada")
	p.decisions(1)
	p.alert("a-2", "old")
	assert.Equal(t, []string{"would disable ada", "nothing old it is disabled already"}, p.decisions(2))
	assert.Empty(t, d.changes)

	// Nor is a directory needed.
	p = start(t, variables(), "-data", t.TempDir(), "-domain", "EXAMPLE", "-refused-alone", "-refused-user", "2")
	for i := range 2 {
		p.post(userlock.NewRequest(t.Context(), p.url+"userlock", serverID, userlock.Notification{EventType: "20", UserAccount: `EXAMPLE\ada`, EventTime: time.Now().Add(-time.Duration(i) * time.Second)}))
	}
	assert.Equal(t, []string{"would disable ada"}, p.decisions(1))
}

func TestAccountsThatAreNeverDisabled(t *testing.T) {
	const protected, administrator = "it is a protected account of Active Directory", "it is a member of a group of administrators"
	d := newFakeDirectory(t)
	d.user("breakglass", 512, nil)
	d.user("admin1", 512, map[string][]string{"adminCount": {"1"}})
	d.user("Administrator", 512, map[string][]string{"objectSid": {sid(500)}})
	d.user("nosid", 512, map[string][]string{"objectSid": nil})
	d.user("domainadmin", 512, map[string][]string{"tokenGroups": {sid(513), sid(1050), sid(512)}})
	d.user("operator", 512, map[string][]string{"tokenGroups": {"\x01\x02\x00\x00\x00\x00\x00\x05\x20\x00\x00\x00\x25\x02\x00\x00"}}) // S-1-5-32-549
	d.user("hidden", 512, map[string][]string{"tokenGroups": nil})
	d.user("machine", 4096, nil)
	d.user("DESK-21$", 4096, map[string][]string{"objectCategory": {"computer"}})
	d.user("josé", 512, nil)
	d.user("twin1", 512, map[string][]string{"mail": {"twins@example.com"}})
	d.user("twin2", 512, map[string][]string{"mail": {"twins@example.com"}})
	d.user("twin3", 512, map[string][]string{"mail": {"twins@example.com"}})
	d.user("me", 512, nil)
	for dn, e := range d.entries {
		if e["sAMAccountName"][0] == "me" {
			delete(d.entries, dn)
			d.entries[strings.ToLower(bindDN)] = e
		}
	}
	d.start()
	p := start(t, withPassword(), d.flags("-act", "-never", "BreakGlass, bo")...)
	for i, test := range []struct{ user, want string }{
		{"breakglass", "breakglass the account is on the list of -never"},
		{"bo", "bo@example.test the account is on the list of -never"}, // by another of its names
		{"admin1", "admin1 " + protected},
		{"Administrator", "administrator " + protected},
		{"nosid", "nosid " + protected},
		{"domainadmin", "domainadmin " + administrator},
		{"operator", "operator " + administrator},
		{"hidden", "hidden its groups cannot be read"},
		{"machine", "machine it is not the account of a person"},
		{"DESK-21$", "desk-21$ the directory has no such user"},
		{"jose", "jose the directory has no such user"}, // but josé
		{"nobody", "nobody the directory has no such user"},
		{"*", "* the directory has no such user"},
		{")(", "ada)(objectclass=* the directory has no such user"},
		{"twins", "twins@example.com the directory has several such users"},
		{"me", "me it is the account of this program"},
		{"unknown", " no account of the directory is known for this user"},
	} {
		p.alert("a", test.user)
		assert.Equal(t, "nothing "+test.want, p.decisions(i + 1)[i])
	}
	assert.Empty(t, d.changes)
	// The next one is disabled.
	p.alert("a", "ada")
	assert.Contains(t, p.decisions(19), "disabled ada")
}

// A flood of forged events must not disable a whole company.
func TestNoMoreThanAFewWithinAnHour(t *testing.T) {
	d := newFakeDirectory(t)
	d.user("third", 512, nil)
	d.start()
	const enough = "2 accounts within an hour are the most: somebody should look"
	args := d.flags("-act", "-max-per-hour", "2")
	p := start(t, withPassword(), args...)
	p.alert("a", "ada")
	p.decisions(2)
	p.alert("b", "bo")
	p.decisions(4)
	p.alert("c", "third")
	assert.Equal(t, "nothing third "+enough, p.decisions(5)[4])
	p.stop()
	p = start(t, withPassword(), args...)
	p.alert("d", "third")
	assert.Equal(t, []string{"nothing third " + enough}, p.decisions(1), "a restart begins no new hour")
	assert.Equal(t, "512", d.control("third"))

	// An hour later.
	a := action{perHour: 2}
	require.NoError(t, a.open(args[1]))
	require.Len(t, a.acted, 2)
	for account, at := range a.acted {
		a.acted[account] = at.Add(-time.Hour)
	}
	ok, err := a.admit("third")
	require.NoError(t, err)
	assert.True(t, ok)
}

// What the directory refuses stops no event. It is tried again.
func TestDirectoryFails(t *testing.T) {
	other, _ := certificate(t, "192.0.2.1")
	for name, test := range map[string]struct {
		breakIt, mend func(d *fakeDirectory)
		log           string
	}{
		"wrong password": {
			func(d *fakeDirectory) { d.set(func() { d.password = "another" }) },
			func(d *fakeDirectory) { d.set(func() { d.password = bindPassword }) },
			"Invalid Credentials",
		},
		"no permission": {
			func(d *fakeDirectory) { d.set(func() { d.refuse = 50 }) },
			func(d *fakeDirectory) { d.set(func() { d.refuse = 0 }) },
			"Insufficient Access Rights",
		},
		"it is down": {
			func(d *fakeDirectory) { d.stop() },
			func(d *fakeDirectory) { d.start() },
			"connection refused",
		},
		"another certificate": {
			func(d *fakeDirectory) { d.stop(); d.tls = other; d.start() },
			func(d *fakeDirectory) { d.stop(); d.tls = d.original; d.start() },
			"certificate",
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newFakeDirectory(t)
			d.start()
			args := d.flags("-act")
			test.breakIt(d)
			p := start(t, withPassword(), args...)
			p.alert("a", "ada")
			p.alert("b", "bo")
			p.eventually("no failure is told of", func() bool {
				return strings.Contains(p.stdout.String(), `"decision":"failed"`) && strings.Contains(p.stderr.String(), test.log)
			})
			assert.Contains(t, p.stderr.String(), d.addr)
			test.mend(d)
			p.eventually("they are not disabled", func() bool { return d.control("ada") == "66050" && d.control("bo") == "514" })
			for _, text := range []string{p.stdout.String(), p.stderr.String()} {
				assert.NotContains(t, text, bindPassword)
				assert.NotContains(t, text, secret)
			}
		})
	}
}

// An action that waits survives a restart. A directory that does not answer delays no event.
func TestActionSurvivesARestart(t *testing.T) {
	d := newFakeDirectory(t)
	silent, err := net.Listen("tcp", d.addr) // accepts and says nothing
	require.NoError(t, err)
	args := d.flags("-act")
	p := start(t, withPassword(), args...)
	p.alert("a", "ada") // answered 200
	p.alert("b", "bo")
	require.NoError(t, silent.Close())
	p.stop()
	assert.Equal(t, "66048", d.control("ada"))

	d.start()
	start(t, withPassword(), args...)
	p.eventually("they are not disabled", func() bool { return d.control("ada") == "66050" && d.control("bo") == "514" })
}

// Each event must not be one more attempt with a wrong password: that would lock the
// account of this program.
func TestDirectoryThatRefusesIsLeftAlone(t *testing.T) {
	d := newFakeDirectory(t)
	d.password = "another"
	d.start()
	p := start(t, withPassword(), append(d.flags("-act"), "-retry", "1h")...)
	p.alert("a", "ada")
	p.decisions(1)
	for _, id := range []string{"b", "c", "d"} {
		p.alert(id, "bo")
	}
	p.eventually("they are not tried", func() bool { return strings.Count(p.stderr.String(), "the directory failed a moment ago") == 3 })
	d.set(func() { assert.Equal(t, 1, d.binds) })
}

func TestWhatCannotBeRightIsRefused(t *testing.T) {
	d := newFakeDirectory(t)
	data := t.TempDir()
	broken := filepath.Join(t.TempDir(), "broken")
	require.NoError(t, os.WriteFile(broken, []byte("{"), 0o600))
	ended, cancel := context.WithCancel(t.Context()) // or else it would serve what it does not refuse
	cancel()
	directory := []string{"-bind", bindDN, "-base", baseDN, "-ca", d.ca, "-directory"}
	for name, test := range map[string]struct {
		args   []string
		lookup lookupEnv
		want   string
	}{
		"act without a directory":   {[]string{"-act"}, variables(), "-act needs -directory"},
		"act without accounts":      {append([]string{"-act"}, append(directory, "ldaps://"+d.addr)...), withPassword(), "-domain or -accounts"},
		"plain LDAP":                {append(directory, "ldap://"+d.addr), withPassword(), "must be an ldaps:// URL"},
		"a password in the URL":     {append(directory, "ldaps://me:hunter2@"+d.addr), withPassword(), "without a user"},
		"no password":               {append(directory, "ldaps://"+d.addr), variables(), "DIRECTORY_PASSWORD"},
		"two passwords":             {append(directory, "ldaps://"+d.addr), variables("DIRECTORY_PASSWORD", "hunter2,hunter3"), "DIRECTORY_PASSWORD_FILE"},
		"bind is no DN":             {append(directory, "ldaps://"+d.addr, "-bind", "me"), withPassword(), "-bind must be"},
		"no bind":                   {append(directory, "ldaps://"+d.addr, "-bind", ""), withPassword(), "-bind must be"},
		"no base":                   {append(directory, "ldaps://"+d.addr, "-base", ""), withPassword(), "-base must be"},
		"no file of the authority":  {append(directory, "ldaps://"+d.addr, "-ca", broken+"2"), withPassword(), "-ca"},
		"no certificate in it":      {append(directory, "ldaps://"+d.addr, "-ca", broken), withPassword(), "-ca"},
		"no accounts file":          {[]string{"-accounts", broken + "2"}, variables(), "-accounts"},
		"broken accounts file":      {[]string{"-accounts", broken}, variables(), "-accounts"},
		"a flag that is not known":  {[]string{"-x"}, variables(), "-x"},
		"a number that is too low":  {[]string{"-refused-user", "0"}, variables(), "-refused-user"},
		"never with a domain":       {[]string{"-never", `EXAMPLE\breakglass`}, variables(), "-never"},
		"never with semicolons":     {[]string{"-never", "breakglass;backup"}, variables(), "-never"},
		"never with an address":     {[]string{"-never", "breakglass@example.com"}, variables(), "-never"},
		"never with a space":        {[]string{"-never", "breakglass,", "backup", "-max-per-hour", "1"}, variables(), `is no flag`},
		"nobody within an hour":     {[]string{"-max-per-hour", "0"}, variables(), "-max-per-hour"},
		"no vendor":                 {nil, func(string) (string, bool) { return "", false }, "USERLOCK_IDS"},
		"a secret that is too weak": {nil, variables("RELOCK_SECRETS", "short"), "RELOCK_SECRETS"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr output
			status := run(ended, append([]string{"-addr", "127.0.0.1:0", "-data", data}, test.args...), test.lookup, &stdout, &stderr)
			assert.Equal(t, 2, status)
			assert.Contains(t, stderr.String(), test.want)
			assert.NotContains(t, stderr.String(), "hunter2")
			assert.NotContains(t, stderr.String(), bindPassword)
		})
	}
	// What was learned must not be forgotten in silence.
	require.NoError(t, os.WriteFile(filepath.Join(data, "learned.json"), []byte("{"), 0o600))
	var stderr output
	assert.Equal(t, 2, run(ended, []string{"-data", data}, variables(), &output{}, &stderr))
	assert.Contains(t, stderr.String(), "learned.json")
}

// What logons taught is saved when the program stops, not only once a minute.
func TestSavesAtTheEnd(t *testing.T) {
	data := t.TempDir()
	p := start(t, variables(), "-data", data, "-domain", "EXAMPLE")
	p.post(userlock.NewRequest(t.Context(), p.url+"userlock", serverID, userlock.Notification{EventType: "1", UserAccount: `EXAMPLE\ada`, EventTime: time.Now(), ClientAddress: "192.0.2.21"}))
	p.stop()
	text, err := os.ReadFile(filepath.Join(data, "learned.json"))
	require.NoError(t, err)
	assert.Contains(t, string(text), "192.0.2.21")
}

// A program that cannot serve ends, and does not wait for somebody to stop it.
func TestEndsIfItCannotServe(t *testing.T) {
	ended := make(chan int, 1)
	var stderr output
	go func() {
		ended <- run(t.Context(), []string{"-addr", "127.0.0.1:0", "-data", t.TempDir(), "-retry", "-1s"}, variables(), &output{}, &stderr)
	}()
	select {
	case status := <-ended:
		assert.Equal(t, 1, status)
	case <-time.After(time.Minute):
		t.Fatal("it goes on: ", stderr.String())
	}
}

func TestReadmeNamesFlagsThatExist(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	var usage output
	require.Equal(t, 0, run(t.Context(), []string{"-h"}, variables(), &output{}, &usage))
	flags := regexp.MustCompile("[ `]-[a-z][a-z-]+").FindAllString(string(readme), -1)
	require.NotEmpty(t, flags)
	for _, flag := range flags {
		assert.Regexp(t, `(?m)^  `+flag[1:]+`( |$)`, usage.String())
	}
}

func TestDemo(t *testing.T) {
	var stdout, stderr output
	require.Equal(t, 0, run(t.Context(), []string{"-demo", "-act"}, func(string) (string, bool) { return "", false }, &stdout, &stderr), stderr.String())
	p := process{t: t, stdout: output{text: *bytes.NewBufferString(stdout.String())}}
	want := []string{
		"nothing aokoye whoever knows a name can cause refused logons",
		"would disable aokoye", "would disable blind", "would disable cmoreau", "would disable dkaya",
		"nothing administrator the account is on the list of -never",
		"nothing  no account of the directory is known for this user",
		"nothing efischer whoever knows a name can cause refused logons",
	}
	if diff := cmp.Diff(want, p.decisions(8)); diff != "" {
		t.Errorf("decisions (-want +got):\n%s", diff)
	}
}
