package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jimlambrt/gldap"
	"github.com/stretchr/testify/require"
)

const (
	baseDN       = "DC=example,DC=test"
	bindDN       = "CN=accesshook,OU=Services,DC=example,DC=test"
	bindPassword = "the-password-to-bind-with"
)

// A fakeDirectory answers LDAPS as Active Directory does, as far as the program asks.
type fakeDirectory struct {
	t        *testing.T
	addr     string
	ca       string // path of its certificate
	tls      *tls.Config
	original *tls.Config // the one of ca
	server   *gldap.Server
	mu       sync.Mutex
	password string
	refuse   int // result code of changes, if it is not zero
	entries  map[string]map[string][]string
	binds    int
	changes  []string
}

// newFakeDirectory has some entries and is not started yet.
func newFakeDirectory(t *testing.T) *fakeDirectory {
	d := &fakeDirectory{t: t, password: bindPassword, entries: make(map[string]map[string][]string)}
	host := loopback()
	d.tls, d.ca = certificate(t, host)
	d.original = d.tls
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	require.NoError(t, err)
	d.addr = l.Addr().String()
	require.NoError(t, l.Close()) // nobody else binds to this address
	d.user("ada", 66048, nil)     // with a password that does not expire
	d.user("bo", 512, nil)
	return d
}

// loopback returns an address that no other test has, where the system has several.
func loopback() string {
	if runtime.GOOS != "linux" {
		return "127.0.0.1"
	}
	return fmt.Sprintf("127.%d.%d.%d", 1+mathrand.IntN(254), mathrand.IntN(256), 1+mathrand.IntN(254))
}

// certificate returns one for a host, and the path of a file with it.
func certificate(t *testing.T, host string) (*tls.Config, string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "dc1"}, IPAddresses: []net.IP{net.ParseIP(host)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "cert.pem")
	require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(path), "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, path
}

// sid returns a SID in a domain that ends with number.
func sid(number uint32) string {
	s := []byte{1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 0, 0, 0, 0}
	binary.LittleEndian.PutUint32(s[24:], number)
	return string(s)
}

// user adds an account.
func (d *fakeDirectory) user(name string, control int, change map[string][]string) {
	e := map[string][]string{
		"sAMAccountName":     {name},
		"userPrincipalName":  {name + "@example.test"},
		"mail":               {name + "@example.com"},
		"userAccountControl": {fmt.Sprint(control)},
		"objectSid":          {sid(uint32(1100 + len(d.entries)))},
		"tokenGroups":        {sid(513), sid(1050)},
		"objectCategory":     {"person"},
	}
	maps.Copy(e, change)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.entries[fmt.Sprintf("CN=%s %d,OU=Staff,%s", name, len(d.entries), baseDN)] = e
}

// control returns userAccountControl of an account.
func (d *fakeDirectory) control(name string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range d.entries {
		if e["sAMAccountName"][0] == name {
			return e["userAccountControl"][0]
		}
	}
	return ""
}

func (d *fakeDirectory) set(f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f()
}

func (d *fakeDirectory) start() {
	d.t.Helper()
	var err error
	d.server, err = gldap.NewServer()
	require.NoError(d.t, err)
	mux, err := gldap.NewMux()
	require.NoError(d.t, err)
	require.NoError(d.t, mux.Bind(d.onBind))
	require.NoError(d.t, mux.Search(d.onSearch))
	require.NoError(d.t, mux.Modify(d.onModify))
	require.NoError(d.t, d.server.Router(mux))
	ended := make(chan error, 1)
	go func() { ended <- d.server.Run(d.addr, gldap.WithTLSConfig(d.tls)) }()
	d.t.Cleanup(d.stop)
	for {
		c, err := tls.Dial("tcp", d.addr, &tls.Config{InsecureSkipVerify: true})
		if err == nil {
			c.Close()
			return
		}
		select {
		case err := <-ended:
			require.NoError(d.t, err)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (d *fakeDirectory) stop() { d.server.Stop() }

func (d *fakeDirectory) onBind(w *gldap.ResponseWriter, r *gldap.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.binds++
	m, err := r.GetSimpleBindMessage()
	if err != nil || m.UserName != bindDN || string(m.Password) != d.password {
		w.Write(r.NewBindResponse(gldap.WithResponseCode(gldap.ResultInvalidCredentials), gldap.WithDiagnosticMessage("80090308: LdapErr: data 52e")))
		return
	}
	w.Write(r.NewBindResponse(gldap.WithResponseCode(gldap.ResultSuccess)))
}

var comparison = regexp.MustCompile(`\((sAMAccountName|userPrincipalName|mail)=([^)]*)\)`)

func (d *fakeDirectory) onSearch(w *gldap.ResponseWriter, r *gldap.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	m, err := r.GetSearchMessage()
	if err != nil {
		w.Write(r.NewSearchDoneResponse(gldap.WithResponseCode(gldap.ResultProtocolError)))
		return
	}
	code, found := gldap.ResultSuccess, 0
	for _, dn := range slices.Sorted(maps.Keys(d.entries)) {
		e := d.entries[dn]
		matches := dn == m.BaseDN
		if m.Scope == gldap.WholeSubtree {
			matches = slices.ContainsFunc(comparison.FindAllStringSubmatch(m.Filter, -1), func(c []string) bool {
				return c[2] == "*" || strings.EqualFold(c[2], strings.ReplaceAll(e[c[1]][0], "é", "e"))
			}) && strings.Contains(m.Filter, "(objectCategory="+e["objectCategory"][0]+")") && strings.HasSuffix(strings.ToLower(dn), strings.ToLower(m.BaseDN))
		}
		if !matches {
			continue
		}
		if found++; m.SizeLimit > 0 && int64(found) > m.SizeLimit {
			code = gldap.ResultSizeLimitExceeded
			break
		}
		entry := r.NewSearchResponseEntry(dn)
		for _, a := range m.Attributes {
			if v := e[a]; v != nil && (a != "tokenGroups" || m.Scope == gldap.BaseObject) {
				entry.AddAttribute(a, v)
			}
		}
		w.Write(entry)
	}
	w.Write(r.NewSearchDoneResponse(gldap.WithResponseCode(code)))
}

func (d *fakeDirectory) onModify(w *gldap.ResponseWriter, r *gldap.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	m, err := r.GetModifyMessage()
	code := d.refuse
	if err != nil || d.entries[m.DN] == nil {
		code = gldap.ResultNoSuchObject
	}
	if code == 0 {
		for _, c := range m.Changes {
			values, err := gldap.ConvertString(c.Modification.Vals...) // gldap leaves them encoded
			if err != nil {
				code = gldap.ResultProtocolError
				break
			}
			d.changes = append(d.changes, fmt.Sprintf("%d %s %v", c.Operation, c.Modification.Type, values))
			d.entries[m.DN][c.Modification.Type] = values
		}
	}
	w.Write(r.NewModifyResponse(gldap.WithResponseCode(code)))
}
