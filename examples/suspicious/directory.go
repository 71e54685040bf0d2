package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/event"
)

// timeout limits connecting, and each request.
const timeout = 10 * time.Second

// A directory is a domain controller of Active Directory. Each action has a connection of
// its own, so that there is none to repair.
type directory struct {
	url, base, bind string
	password        event.Secret
	self            *ldap.DN // bind
	tls             *tls.Config
}

// open checks the settings, and reads the certificates and the password. It does not
// connect: a directory that is down must not keep events out.
func (d *directory) open(ca string, lookup lookupEnv, log *slog.Logger) error {
	u, err := url.Parse(d.url)
	if err != nil || u.Scheme != "ldaps" || u.Host == "" || u.User != nil {
		return errors.New("-directory must be an ldaps:// URL without a user: a password goes over TLS alone")
	}
	if d.self, err = ldap.ParseDN(d.bind); err != nil || d.bind == "" {
		return errors.New("-bind must be a distinguished name, such as CN=accesshook,OU=Services,DC=example,DC=com")
	}
	if _, err = ldap.ParseDN(d.base); err != nil || d.base == "" {
		return errors.New("-base must be a distinguished name, such as DC=example,DC=com")
	}
	d.tls = &tls.Config{ServerName: u.Hostname()}
	if ca != "" {
		text, err := os.ReadFile(ca)
		if err != nil {
			return fmt.Errorf("-ca: %w", err)
		}
		d.tls.RootCAs = x509.NewCertPool()
		if !d.tls.RootCAs.AppendCertsFromPEM(text) {
			return errors.New("-ca: no certificate in the file")
		}
	}
	v, err := envsecret.Variable{Name: "DIRECTORY_PASSWORD", LookupEnv: lookup}.Read()
	if err == nil && len(v.Secrets) != 1 {
		err = errors.New("DIRECTORY_PASSWORD must have one password; one with a comma needs DIRECTORY_PASSWORD_FILE")
	}
	if err != nil {
		return err
	}
	for _, w := range v.Warnings {
		log.Warn(w)
	}
	d.password = v.Secrets[0]
	return nil
}

// A session is a connection for one account.
type session struct {
	conn    *ldap.Conn
	url     string
	entry   string // distinguished name
	name    string // sAMAccountName
	control uint32 // userAccountControl
	refusal string // why the account is not disabled, or ""
	stop    func() bool
}

func (s *session) close() {
	s.stop()
	s.conn.Close()
}

// Bits of userAccountControl. See
// https://learn.microsoft.com/en-us/troubleshoot/windows-server/active-directory/useraccountcontrol-manipulate-account-properties.
const (
	accountDisabled = 0x0002
	normalAccount   = 0x0200
)

// find connects, and looks for the account of a person: by its name, or by its user
// principal name or mail if that has an @. Close the session.
func (d *directory) find(ctx context.Context, account string) (_ *session, err error) {
	s := &session{url: d.url}
	s.conn, err = ldap.DialURL(d.url, ldap.DialWithDialer(&net.Dialer{Timeout: timeout}), ldap.DialWithTLSConfig(d.tls))
	if err != nil {
		return nil, fmt.Errorf("directory %s: %w", d.url, err)
	}
	s.stop = context.AfterFunc(ctx, func() { s.conn.Close() })
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	s.conn.SetTimeout(timeout)
	password, _ := d.password.Reveal()
	if err := s.conn.Bind(d.bind, password); err != nil {
		return nil, fmt.Errorf("directory %s: bind: %w", d.url, err)
	}
	name, names := ldap.EscapeFilter(account), []string{"sAMAccountName"}
	match := "(sAMAccountName=" + name + ")"
	if strings.Contains(account, "@") {
		names = []string{"userPrincipalName", "mail"}
		match = "(|(userPrincipalName=" + name + ")(mail=" + name + "))"
	}
	entries, err := s.search(d.base, ldap.ScopeWholeSubtree,
		"(&(objectCategory=person)(objectClass=user)(!(objectClass=computer))"+match+")",
		append(names, "sAMAccountName", "userAccountControl", "adminCount", "objectSid")...)
	// A directory takes some letters as equal that are not.
	same := func(name string) bool { return strings.EqualFold(entries[0].GetAttributeValue(name), account) }
	switch {
	case len(entries) > 1 || ldap.IsErrorWithCode(err, ldap.LDAPResultSizeLimitExceeded):
		s.refusal = "the directory has several such users"
		return s, nil
	case err != nil:
		return nil, fmt.Errorf("directory %s: search: %w", d.url, err)
	case len(entries) == 0 || !slices.ContainsFunc(names, same):
		s.refusal = "the directory has no such user"
		return s, nil
	}
	// tokenGroups has all groups, also those of groups. It can be read of one entry alone.
	groups, err := s.search(entries[0].DN, ldap.ScopeBaseObject, "(objectClass=user)", "tokenGroups")
	if err != nil {
		return nil, fmt.Errorf("directory %s: groups: %w", d.url, err)
	}
	return s, d.judge(s, entries[0], groups)
}

// judge fills in s from the entry of an account and its groups.
func (d *directory) judge(s *session, e *ldap.Entry, groups []*ldap.Entry) error {
	s.entry, s.name = e.DN, e.GetAttributeValue("sAMAccountName")
	control, err := strconv.ParseInt(e.GetAttributeValue("userAccountControl"), 10, 32)
	if err != nil {
		return fmt.Errorf("directory %s: cannot read userAccountControl", d.url)
	}
	s.control = uint32(control)
	var members [][]byte
	if len(groups) == 1 {
		members = groups[0].GetRawAttributeValues("tokenGroups")
	}
	self, err := ldap.ParseDN(e.DN)
	switch {
	case err != nil || d.self.EqualFold(self):
		s.refusal = "it is the account of this program"
	case s.control&normalAccount == 0:
		s.refusal = "it is not the account of a person"
	case e.GetAttributeValue("adminCount") == "1" || lastNumber(e.GetRawAttributeValue("objectSid")) < firstOwn:
		s.refusal = "it is a protected account of Active Directory"
	case len(members) == 0:
		s.refusal = "its groups cannot be read"
	case slices.ContainsFunc(members, func(sid []byte) bool { return slices.Contains(administrators, lastNumber(sid)) }):
		s.refusal = "it is a member of a group of administrators"
	case s.control&accountDisabled != 0:
		s.refusal = "it is disabled already"
	}
	return nil
}

// administrators are the last numbers of the SIDs of groups whose members are never disabled:
// Domain, Schema and Enterprise Admins, Group Policy Creator Owners, Protected Users, (Enterprise)
// Key Admins, Administrators, and the Account, Server, Print and Backup Operators. See
// https://learn.microsoft.com/en-us/windows-server/identity/ad-ds/manage/understand-security-identifiers.
var administrators = []uint32{512, 518, 519, 520, 525, 526, 527, 544, 548, 549, 550, 551}

// firstOwn is the smallest such number that is not of Active Directory itself.
const firstOwn = 1000

// lastNumber returns the last number of a SID, 0 if there is none.
func lastNumber(sid []byte) uint32 {
	if len(sid) < 12 {
		return 0
	}
	return binary.LittleEndian.Uint32(sid[len(sid)-4:])
}

// search asks for two entries at most: that is enough to know that there are several.
func (s *session) search(base string, scope int, filter string, attributes ...string) ([]*ldap.Entry, error) {
	r, err := s.conn.Search(ldap.NewSearchRequest(base, scope, ldap.NeverDerefAliases, 2, int(timeout/time.Second), false, filter, attributes, nil))
	if err != nil {
		return nil, err
	}
	return r.Entries, nil
}

// disable disables the account, and keeps the other bits.
func (s *session) disable() error {
	m := ldap.NewModifyRequest(s.entry, nil)
	m.Replace("userAccountControl", []string{strconv.FormatInt(int64(int32(s.control|accountDisabled)), 10)})
	if err := s.conn.Modify(m); err != nil {
		return fmt.Errorf("directory %s: change of userAccountControl: %w", s.url, err)
	}
	return nil
}
