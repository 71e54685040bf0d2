package userlock

import (
	"fmt"
	"maps"
	"slices"

	"github.com/accesshook/accesshook/internal/jsonbody"
)

// table has the names of each field, best first: the column of the vendor's own table
// of logon events, which is the field's tag, then, normalised, what else such a member
// may be called.
var table = []struct {
	column string
	names  []string
}{
	{idName, []string{"userlockid", "serverguid", "userlockguid", "userlockserverid", "serverid", "guid", "ulid"}},
	{"EventType", []string{"eventtype", "event", "logonevent", "eventname", "type"}},
	{"EventTime", []string{"eventtime", "eventdate", "eventdatetime", "datetime", "timestamp", "time", "date"}},
	{"UserAccount", []string{"useraccount", "username", "accountname", "account", "user", "login"}},
	{"UserDomain", []string{"userdomain", "domain", "domainname"}},
	{"UserFullName", []string{"userfullname", "fullname", "displayname", "userdisplayname"}},
	{"ComputerName", []string{"computername", "computer", "machinename", "machine", "workstation", "servername"}},
	{"ComputerSession", []string{"computersession", "terminalsession", "tssessionid"}},
	{"ClientName", []string{"clientname", "client"}},
	{"ClientAddress", []string{"clientaddress", "clientip", "clientipaddress", "ipaddress", "ip"}},
	{"SessionType", []string{"sessiontype", "logontype", "connectiontype"}},
	{"SessionId", []string{"sessionid", "session"}},
	{"SubSessionId", []string{"subsessionid"}},
	{"Country", []string{"country"}},
	{"Status", []string{"status"}},
	{"LogonInfo", []string{"logoninfo", "reason", "message", "info", "details"}},
}

// A place is a field of Notification, and how good a name for it this one is. Of two
// names for one field the one with the lower rank wins.
type place struct {
	field int // -1: the UserLock ID
	rank  int // 1: an alias; 2: the column; then the others in the order of their row
}

func (p place) isID() bool { return p.field < 0 }

// names finds what a name stands for.
type names struct {
	places  map[string]place // of columns as they are written, and of normalised names
	columns []column         // in the order in which they are likeliest to come
}

type column struct {
	name string
	place
}

var known = func() names {
	n := names{places: make(map[string]place)}
	for _, row := range table {
		p := place{jsonbody.FieldIndex[Notification](row.column), 2}
		n.places[row.column] = p
		n.columns = append(n.columns, column{row.column, p})
		for rank, name := range row.names {
			n.places[name] = place{p.field, 3 + rank}
		}
	}
	return n
}()

// lookup returns the place of a name. next is the index of the column that is
// likeliest to come, and is moved on.
func (n *names) lookup(name []byte, next *int) (place, bool) {
	for i := *next; i < min(*next+3, len(n.columns)); i++ { // often a column is left out
		if n.columns[i].name == string(name) {
			*next = i + 1
			return n.columns[i].place, true
		}
	}
	if p, ok := n.places[string(name)]; ok {
		*next = slices.IndexFunc(n.columns, func(c column) bool { return c.name == string(name) }) + 1
		return p, true
	}
	var buf [maxName]byte
	p, ok := n.places[string(normalizeName(buf[:0], name))]
	return p, ok
}

// with returns n with more names, which win over all that n has. The key of
// aliases is a name as it arrives, the value a field of Notification.
func (n names) with(aliases map[string]string) (names, error) {
	n = names{maps.Clone(n.places), slices.Clone(n.columns)}
	first := make(map[string]string) // the alias that stands in n
	for _, alias := range slices.Sorted(maps.Keys(aliases)) {
		key := string(normalizeName(nil, alias))
		if key == "" {
			return n, fmt.Errorf("userlock: Config.Aliases: %q has no letters or digits, or too many", alias)
		}
		p, ok := fieldNamed(aliases[alias])
		if !ok {
			return n, fmt.Errorf("userlock: Config.Aliases[%q]: no field %q", alias, aliases[alias])
		}
		if other, ok := first[key]; ok && n.places[key] != p {
			return n, fmt.Errorf("userlock: Config.Aliases: %q and %q are one name, for two fields", other, alias)
		}
		same := func(name string) bool { return string(normalizeName(nil, name)) == key }
		maps.DeleteFunc(n.places, func(name string, _ place) bool { return same(name) })
		n.columns = slices.DeleteFunc(n.columns, func(c column) bool { return same(c.name) })
		first[key], n.places[key] = alias, p
	}
	return n, nil
}

// fieldNamed finds a field by its name in Go, which differs from its column in
// letter case alone.
func fieldNamed(name string) (place, bool) {
	normal := string(normalizeName(nil, name))
	for _, row := range table {
		if row.names[0] == normal {
			return place{jsonbody.FieldIndex[Notification](row.column), 1}, true
		}
	}
	return place{}, false
}

const maxName = 64

// normalizeName appends the letters and digits of name to dst, in lower case. A
// name that is too long, or has letters beyond ASCII that UserLock's English
// columns do not have, keeps them as they are and matches only an alias.
func normalizeName[T string | []byte](dst []byte, name T) []byte {
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

// FieldOf returns the field of Notification that a JSON field of this name is read into,
// as [Config].Aliases writes it: "UserAccount" for "user_name". For a name of the UserLock
// ID it returns "UserLockId", although the ID is found by its value, whatever its name is.
// ok is false for a name that needs an alias. Of several names for one field that come in
// one body, the best wins, and the others are in Notification.Extra.
func FieldOf(name string) (field string, ok bool) {
	p, ok := known.lookup([]byte(name), new(int))
	if !ok {
		return "", false
	}
	i := slices.IndexFunc(known.columns, func(c column) bool { return c.field == p.field })
	return known.columns[i].name, true
}
