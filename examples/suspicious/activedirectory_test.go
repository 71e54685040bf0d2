package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/userlock"
)

const (
	administratorPassword = "Administrator-passw0rd-1"
	servicePassword       = "Service-passw0rd-1"
	userPassword          = "User-passw0rd-1"
)

// TestActiveDirectory is the proof with a domain controller: Samba, with an account of the
// program that may change userAccountControl of the users of one container, and nothing
// else. It prints how long the parts took. The domain and its ports are on a loopback
// address of their own, and end with the test. Run as root:
//
//	ACCESSHOOK_DIRECTORY=on go test -v -run TestActiveDirectory ./examples/suspicious
func TestActiveDirectory(t *testing.T) {
	if os.Getenv("ACCESSHOOK_DIRECTORY") != "on" {
		t.Skip("the proof with a running Active Directory has a step of its own: ACCESSHOOK_DIRECTORY=on")
	}
	dc := newDomainController(t)
	took := dc.took

	dc.tool("user", "create", "pobrien", userPassword, "--mail-address=pat@example.com")
	dc.rename("pobrien", `CN=O'Brien\, Pat (Jr)`)
	dc.tool("user", "create", "ada", userPassword)
	dc.tool("user", "create", "breakglass", userPassword)
	dc.tool("user", "create", "nested", userPassword)
	dc.tool("group", "add", "IT")
	dc.tool("group", "addmembers", "IT", "nested")
	dc.tool("group", "addmembers", "Domain Admins", "IT")
	dc.tool("user", "create", "accesshook", servicePassword)
	dc.delegate("accesshook")
	took("users and the permission")

	assert.True(t, ldap.IsErrorWithCode(dc.bindOver("ldap://"+dc.host, "breakglass@example.test", userPassword), ldap.LDAPResultStrongAuthRequired),
		"the directory refuses a password without TLS")
	require.NoError(t, dc.bind("pobrien", userPassword))
	require.NoError(t, dc.bind("ada", userPassword))

	accounts := filepath.Join(t.TempDir(), "accounts.json")
	require.NoError(t, os.WriteFile(accounts, []byte(`{
		"relock id:pat": "pat@example.com", "relock id:ada": "ada", "relock id:breakglass": "breakglass", "relock id:nested": "nested",
		"relock id:administrator": "Administrator", "relock id:me": "accesshook", "relock id:computer": "`+dc.name+`$"}`), 0o600))
	args := []string{
		"-act", "-data", t.TempDir(), "-retry", "200ms", "-domain", "EXAMPLE", "-accounts", accounts, "-never", "breakglass", "-refused-alone", "-refused-user", "3",
		"-directory", "ldaps://" + dc.host, "-ca", dc.ca, "-base", "DC=example,DC=test", "-bind", "CN=accesshook,CN=Users,DC=example,DC=test",
	}

	// The password is wrong: the event is answered 200, and waits.
	p := start(t, variables("DIRECTORY_PASSWORD", "Wrong-passw0rd-1"), args...)
	p.alert("a-1", "pat")
	p.eventually("the log does not name the directory", func() bool {
		return strings.Contains(p.stderr.String(), "directory ldaps://"+dc.host+`: bind: LDAP Result Code 49 \"Invalid Credentials\"`) &&
			strings.Contains(p.stdout.String(), `"decision":"failed"`)
	})
	p.stop()
	assert.NotContains(t, p.stdout.String()+p.stderr.String(), "Wrong-passw0rd-1")
	require.NoError(t, dc.bind("pobrien", userPassword))
	took("a wrong password")

	// The right one, after a restart: the event was not lost.
	p = start(t, variables("DIRECTORY_PASSWORD", servicePassword), args...)
	p.decisions(2)
	assert.Equal(t, []string{"disabling pat@example.com", "disabled pat@example.com"}, p.decisions(2))
	assert.Equal(t, `CN=O'Brien\, Pat (Jr),CN=Users,DC=example,DC=test`, p.records()[1].Entry)
	dc.requireDisabled("pobrien")
	assert.Equal(t, "514", dc.attribute("pobrien", "userAccountControl"))

	p.alert("a-2", "pat") // twice is harmless
	assert.Equal(t, "nothing pat@example.com it is disabled already", p.decisions(3)[2])

	for i := range 3 {
		p.post(userlock.NewRequest(t.Context(), p.url+"userlock", serverID, userlock.Notification{
			EventType: "20", UserAccount: `EXAMPLE\ada`, ClientAddress: abroad, EventTime: time.Now().Add(-time.Duration(i) * time.Second),
		}))
	}
	assert.Equal(t, "disabled ada", p.decisions(5)[4])
	dc.requireDisabled("ada")
	took("disabled, twice, and a bind of each refused with data 533")

	for i, test := range []struct{ user, want string }{
		{"breakglass", "nothing breakglass the account is on the list of -never"},
		{"nested", "nothing nested it is a member of a group of administrators"},
		{"administrator", "nothing administrator it is a protected account of Active Directory"},
		{"me", "nothing accesshook it is the account of this program"},
		{"computer", "nothing " + strings.ToLower(dc.name) + "$ the directory has no such user"},
	} {
		p.alert("a-3", test.user)
		assert.Equal(t, test.want, p.decisions(6 + i)[5+i])
	}
	require.NoError(t, dc.bind("breakglass", userPassword))
	require.NoError(t, dc.bind("nested", userPassword))
	require.NoError(t, dc.bind("Administrator", administratorPassword))
	took("accounts that are never disabled")
	for _, password := range []string{servicePassword, userPassword, administratorPassword} {
		assert.NotContains(t, p.stdout.String()+p.stderr.String(), password)
	}
}

// A domainController is a Samba that runs until the test ends.
type domainController struct {
	t          *testing.T
	host, name string
	ca         string // path of its certificate
	dir        string
	began      time.Time
}

func newDomainController(t *testing.T) *domainController {
	for _, tool := range []string{"samba", "samba-tool"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatalf("%s is missing: apt-get install samba-ad-dc samba-ad-provision samba-dsdb-modules samba-vfs-modules winbind", tool)
			}
			t.Skipf("%s is not installed", tool)
		}
	}
	if os.Geteuid() != 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("only root can make a domain")
		}
		t.Skip("only root can make a domain")
	}
	dc := &domainController{t: t, host: loopback(), name: "DC1", dir: filepath.Join(t.TempDir(), "dc"), began: time.Now()}
	// Its ports cannot be chosen.
	for _, port := range []string{"389", "636"} {
		l, err := net.Listen("tcp", net.JoinHostPort(dc.host, port))
		require.NoError(t, err, "the port must be free")
		require.NoError(t, l.Close())
	}
	_, dc.ca = certificate(t, dc.host)

	provision := exec.Command("samba-tool", "domain", "provision", "--targetdir="+dc.dir, "--realm=EXAMPLE.TEST", "--domain=EXAMPLE", "--server-role=dc",
		"--dns-backend=NONE", "--adminpass="+administratorPassword, "--host-name="+dc.name, "--host-ip="+dc.host,
		"--option=interfaces="+dc.host+"/8", "--option=bind interfaces only=yes", "--option=log file="+filepath.Join(t.TempDir(), "log.%m"))
	output, err := provision.CombinedOutput()
	require.NoError(t, err, "%s", output)
	dc.took("a new domain")

	// In one process, with LDAP alone. It ends when its standard input does: also when
	// this process is killed.
	samba := exec.Command("samba", "-i", "-M", "single", "-s", dc.config(), "--option=server services=ldap", "--option=pid directory="+dc.dir,
		"--option=tls certfile="+dc.ca, "--option=tls keyfile="+filepath.Join(filepath.Dir(dc.ca), "key.pem"), "--option=tls cafile="+dc.ca)
	var log bytes.Buffer
	samba.Stdout, samba.Stderr = &log, &log
	stdin, err := samba.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, samba.Start())
	ended := make(chan struct{})
	go func() { samba.Wait(); close(ended) }()
	t.Cleanup(func() {
		stdin.Close()
		samba.Process.Kill()
		<-ended
		dc.took("stopped")
		if t.Failed() {
			t.Logf("samba: %s", log.String())
		}
	})
	for deadline := time.Now().Add(time.Minute); dc.bind("Administrator", administratorPassword) != nil; {
		select {
		case <-ended:
			t.Fatal("samba has ended")
		case <-time.After(50 * time.Millisecond):
			require.True(t, time.Now().Before(deadline), "samba does not answer")
		}
	}
	dc.took("started")
	return dc
}

// took prints how long what has just been done took.
func (dc *domainController) took(what string) {
	dc.t.Logf("%5.1f s  %s", time.Since(dc.began).Seconds(), what)
	dc.began = time.Now()
}

func (dc *domainController) config() string { return filepath.Join(dc.dir, "etc", "smb.conf") }

func (dc *domainController) tool(args ...string) {
	dc.t.Helper()
	output, err := exec.Command("samba-tool", append(args, "-s", dc.config())...).CombinedOutput()
	require.NoError(dc.t, err, "%s", output)
}

// delegate lets an account change userAccountControl of the users in CN=Users.
func (dc *domainController) delegate(account string) {
	dc.t.Helper()
	sid := []byte(dc.attribute(account, "objectSid"))
	text := fmt.Sprintf("S-%d-%d", sid[0], sid[7])
	for rest := sid[8:]; len(rest) >= 4; rest = rest[4:] {
		text += fmt.Sprintf("-%d", binary.LittleEndian.Uint32(rest))
	}
	// The schema GUIDs of userAccountControl and of the class user.
	const control, user = "bf967a68-0de6-11d0-a285-00aa003049e2", "bf967aba-0de6-11d0-a285-00aa003049e2"
	dc.tool("dsacl", "set", "-H", filepath.Join(dc.dir, "private", "sam.ldb"), "--objectdn=CN=Users,DC=example,DC=test",
		"--sddl=(OA;CIIO;RPWP;"+control+";"+user+";"+text+")")
}

// rename gives the entry of an account a name with characters that must be escaped.
func (dc *domainController) rename(account, name string) {
	dc.t.Helper()
	conn, err := dc.dial("ldaps://" + dc.host)
	require.NoError(dc.t, err)
	defer conn.Close()
	require.NoError(dc.t, conn.Bind(`EXAMPLE\Administrator`, administratorPassword))
	require.NoError(dc.t, conn.ModifyDN(ldap.NewModifyDNRequest("CN="+account+",CN=Users,DC=example,DC=test", name, true, "")))
}

func (dc *domainController) dial(url string) (*ldap.Conn, error) {
	text, err := os.ReadFile(dc.ca)
	require.NoError(dc.t, err)
	roots := x509.NewCertPool()
	require.True(dc.t, roots.AppendCertsFromPEM(text))
	return ldap.DialURL(url, ldap.DialWithTLSConfig(&tls.Config{RootCAs: roots}))
}

// bind logs on as an account over TLS.
func (dc *domainController) bind(account, password string) error {
	return dc.bindOver("ldaps://"+dc.host, `EXAMPLE\`+account, password)
}

func (dc *domainController) bindOver(url, name, password string) error {
	conn, err := dc.dial(url)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Bind(name, password)
}

// requireDisabled requires that an account cannot log on because it is disabled.
func (dc *domainController) requireDisabled(account string) {
	dc.t.Helper()
	err := dc.bind(account, userPassword)
	require.True(dc.t, ldap.IsErrorWithCode(err, ldap.LDAPResultInvalidCredentials), "%v", err)
	require.ErrorContains(dc.t, err, "data 533")
}

// attribute returns one of an account, as an administrator reads it.
func (dc *domainController) attribute(account, name string) string {
	dc.t.Helper()
	conn, err := dc.dial("ldaps://" + dc.host)
	require.NoError(dc.t, err)
	defer conn.Close()
	require.NoError(dc.t, conn.Bind(`EXAMPLE\Administrator`, administratorPassword))
	r, err := conn.Search(ldap.NewSearchRequest("DC=example,DC=test", ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false,
		"(sAMAccountName="+ldap.EscapeFilter(account)+")", []string{name}, nil))
	require.NoError(dc.t, err)
	require.Len(dc.t, r.Entries, 1)
	return string(r.Entries[0].GetRawAttributeValue(name))
}
