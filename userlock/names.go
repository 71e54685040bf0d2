package userlock

import (
	"fmt"
	"maps"
	"slices"
)

// A field of Notification that names stand for.
type field int

const (
	userLockID field = iota
	eventType
	eventTime
	userAccount
	userDomain
	userFullName
	computerName
	computerSession
	clientName
	clientAddress
	sessionType
	sessionID
	subSessionID
	country
	status
	logonInfo
	fieldCount
)

// table has the names of each field, normalised, best guess first: the columns
// of the vendor's own table of logon events, then what else such a member may be
// called. Of two names for one field in a body the first in its row wins.
var table = [fieldCount][]string{
	userLockID:      {"userlockid", "serverguid", "userlockguid", "userlockserverid", "serverid", "guid", "ulid"},
	eventType:       {"eventtype", "event", "logonevent", "eventname", "type"},
	eventTime:       {"eventtime", "eventdate", "eventdatetime", "datetime", "timestamp", "time", "date"},
	userAccount:     {"useraccount", "username", "accountname", "account", "user", "login"},
	userDomain:      {"userdomain", "domain", "domainname"},
	userFullName:    {"userfullname", "fullname", "displayname", "userdisplayname"},
	computerName:    {"computername", "computer", "machinename", "machine", "workstation", "servername"},
	computerSession: {"computersession", "terminalsession", "tssessionid"},
	clientName:      {"clientname", "client"},
	clientAddress:   {"clientaddress", "clientip", "clientipaddress", "ipaddress", "ip"},
	sessionType:     {"sessiontype", "logontype", "connectiontype"},
	sessionID:       {"sessionid", "session"},
	subSessionID:    {"subsessionid"},
	country:         {"country"},
	status:          {"status"},
	logonInfo:       {"logoninfo", "reason", "message", "info", "details"},
}

// fieldNames are the fields as Config.Aliases calls them.
var fieldNames = [fieldCount]string{
	"UserLockID", "EventType", "EventTime", "UserAccount", "UserDomain", "UserFullName",
	"ComputerName", "ComputerSession", "ClientName", "ClientAddress", "SessionType", "SessionID", "SubSessionID",
	"Country", "Status", "LogonInfo",
}

// names finds the field that a normalised name stands for.
type names map[string]place

// A place is a field, and how good a name for it this one is: 0 is best.
type place struct {
	field field
	rank  int
}

var known = func() names {
	n := make(names)
	for f, row := range table {
		for i, name := range row {
			n[name] = place{field(f), i + 1}
		}
	}
	return n
}()

// with returns n with more names, which are better than all that n has.
func (n names) with(aliases map[string]string) (names, error) {
	n = maps.Clone(n)
	first := make(map[string]string) // the alias that stands in n
	for _, alias := range slices.Sorted(maps.Keys(aliases)) {
		target := aliases[alias]
		var buf, buf2 [maxName]byte
		key := normalizeName(buf[:0], alias)
		if len(key) == 0 {
			return nil, fmt.Errorf("userlock: Config.Aliases: %q has no letters or digits, or too many", alias)
		}
		found := false
		for f, name := range fieldNames {
			if string(normalizeName(buf2[:0], name)) == string(normalizeName(nil, target)) {
				if other, ok := first[string(key)]; ok && n[string(key)].field != field(f) {
					return nil, fmt.Errorf("userlock: Config.Aliases: %q and %q are one name, for two fields", other, alias)
				}
				first[string(key)] = alias
				n[string(key)], found = place{field(f), 0}, true
			}
		}
		if !found {
			return nil, fmt.Errorf("userlock: Config.Aliases[%q]: no field %q", alias, target)
		}
	}
	return n, nil
}

// column returns the field whose column has exactly this name: the likeliest
// names are found without being normalised.
func column(name string) (field, bool) {
	switch name {
	case "UserLockId":
		return userLockID, true
	case "EventType":
		return eventType, true
	case "EventTime":
		return eventTime, true
	case "UserAccount":
		return userAccount, true
	case "UserDomain":
		return userDomain, true
	case "UserFullName":
		return userFullName, true
	case "ComputerName":
		return computerName, true
	case "ComputerSession":
		return computerSession, true
	case "ClientName":
		return clientName, true
	case "ClientAddress":
		return clientAddress, true
	case "SessionId":
		return sessionID, true
	case "SubSessionId":
		return subSessionID, true
	case "Country":
		return country, true
	case "Status":
		return status, true
	case "LogonInfo":
		return logonInfo, true
	}
	return 0, false
}

const maxName = 64

// normalizeName appends the letters and digits of name to dst, in lower case. A
// name that is too long, or has letters beyond ASCII that UserLock's English
// columns do not have, keeps them as they are and matches only an alias.
func normalizeName(dst []byte, name string) []byte {
	if len(name) > maxName {
		return nil
	}
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case 'A' <= c && c <= 'Z':
			dst = append(dst, c+'a'-'A')
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c >= 0x80:
			dst = append(dst, c)
		}
	}
	return dst
}
