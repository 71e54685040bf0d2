package userlock

import (
	"bytes"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/convert"
	"github.com/accesshook/accesshook/internal/jsonbody"
)

// Decode turns a notification into an event with a *[Notification]. It does not
// verify anything, and takes times without a zone for UTC. Where there is an
// endpoint, its Decode method is the better choice: it knows the IDs, aliases and
// zone of the endpoint.
//
// The UserLock ID is masked. Since Decode does not know which GUID is one, it
// leaves out of Extra every GUID whose member has the name of one or a name that
// is not known, unless the body is an encoded Notification. Event.ID is the
// lower-case hex SHA-256 of the body without the values, quotes included, of
// those that have the name of one, or failing that of all of them.
//
// An unknown event, unknown members and members of other types than expected are
// no errors; a body that is not a JSON object is one.
func Decode(body []byte) (*event.Event, error) {
	return decoder{names: known, zone: time.UTC}.decode(body)
}

type decoder struct {
	names   names
	aliased bool // names has more than is known
	zone    *time.Location
}

func (d decoder) decode(body []byte) (*event.Event, error) {
	// Only a verifier of this process can have sealed a body, and it has checked
	// the body before.
	var r jsonbody.Reader
	open, how := r.Open, foreign
	if bytes.Contains(body, seal) {
		open, how = r.OpenChecked, verified
	}
	if err := open(body); err != nil {
		return nil, fmt.Errorf("userlock: %w", err)
	}
	r.In(d.zone)
	both := new(struct {
		event event.Event
		n     Notification
	})
	e, n := &both.event, &both.n

	var few [2]span
	ids := few[:0]
	if how != verified {
		ids, how = d.guess(&r)
	}
	ids = d.readAll(n, &r, ids, how)

	switch len(ids) {
	case 0:
		e.ID = convert.IDOf(body)
	case 1:
		e.ID = convert.IDOf(body[:ids[0].start], body[ids[0].end:])
	default:
		e.ID = convert.IDOf(without(body, ids)...)
	}
	e.Vendor, e.Source = Vendor, Vendor
	e.Payload, e.Warnings = n, r.Warnings()
	describe(e, n)
	return e, nil
}

// A span is where a value stands in a body.
type span struct{ start, end int }

// without returns what is left of body without the spans.
func without(body []byte, spans []span) [][]byte {
	var parts [][]byte
	rest := 0
	for _, s := range spans {
		parts = append(parts, body[rest:s.start])
		rest = s.end
	}
	return append(parts, body[rest:])
}

// A trust is what is known of the UserLock IDs in a body.
type trust int

const (
	verified trust = iota // a verifier has sealed them
	encoded               // the body is an encoded Notification
	foreign               // nothing
)

// guess finds out where the UserLock ID of a body may be that no verifier has
// seen.
func (d decoder) guess(r *jsonbody.Reader) ([]span, trust) {
	var named, others []span
	how := foreign
	start := r.Here()
	r.Object()
	for r.Next() {
		text, at, end, ok := r.PeekString()
		r.Skip()
		if !ok {
			continue
		}
		p, ok := d.lookup(r.Name())
		if _, masked := maskedID(text); masked && ok && p.field == userLockID {
			how = encoded
		}
		switch {
		case !isGUID(text):
		case !ok:
			others = append(others, span{at, end})
		case p.field == userLockID:
			named = append(named, span{at, end})
		}
	}
	r.Back(start)
	switch {
	case how == encoded:
		return nil, how
	case named != nil:
		return named, how
	default:
		return others, how
	}
}

func isGUID(text string) bool {
	var digits [2 * idDigits]byte
	_, ok := normalizeID(digits[:0], text)
	return ok
}

func (d decoder) lookup(name string) (place, bool) {
	if f, ok := column(name); ok && !d.aliased {
		return place{f, 1}, true
	}
	var buf [maxName]byte
	p, ok := d.names[string(normalizeName(buf[:0], name))]
	return p, ok
}

// readAll reads the members into the fields that they stand for, and appends to
// ids where a verifier has sealed a UserLock ID.
func (d decoder) readAll(n *Notification, r *jsonbody.Reader, ids []span, how trust) []span {
	var taken [fieldCount]int // rank of the name that filled a field, plus one
	r.Object()
	for r.Next() {
		p, ok := d.lookup(r.Name())
		text, start, end, isText := r.PeekString()
		if isText && len(text) >= idDigits {
			id, sealed := sealedID(text)
			if sealed {
				ids = append(ids, span{start, end})
			}
			if sealed || hidden(text, ok, p, how) {
				if !sealed && how != verified {
					id = shown(text)
				}
				if n.ServerID == "" {
					n.ServerID = id
				}
				r.Skip()
				continue
			}
		}
		if !ok || p.field == userLockID {
			if r.Name() != idName {
				r.Keep(&n.Extra)
				continue
			}
			kind := r.Kind()
			r.Skip()
			if kind != "null" && !(isText && text == "") {
				r.Warn("GUID", kind)
			}
			continue
		}
		if isText && text == "" || !isText && r.Kind() == "null" {
			r.Skip() // the same as absent, and no reason to lose what another name has
			continue
		}
		if was := taken[p.field]; was != 0 {
			r.Warn("unique name", "repeated")
			if was <= p.rank+1 {
				r.Skip()
				continue
			}
		}
		if d.read(n, p.field, r) {
			taken[p.field] = p.rank + 1
		}
	}
	return ids
}

// hidden reports whether a text is not shown though no verifier has sealed it: it
// has the name and the form of a UserLock ID, masked or in clear, or in a foreign
// body may be one by its form alone.
func hidden(text string, known bool, p place, how trust) bool {
	switch {
	case known && p.field == userLockID:
		_, masked := maskedID(text)
		return masked || isGUID(text)
	default:
		return !known && how == foreign && isGUID(text)
	}
}

// shown returns what may be shown of a UserLock ID, masked or in clear.
func shown(text string) ServerID {
	if id, ok := maskedID(text); ok {
		return id
	}
	id, _ := NewServerID(text)
	return id
}

// read reads a value into a field, and reports whether it fits: what does not
// leaves the field as it is.
func (d decoder) read(n *Notification, f field, r *jsonbody.Reader) bool {
	switch f {
	case eventType:
		return set(&n.EventType, r.Text())
	case eventTime:
		return set(&n.EventTime, d.readTime(r))
	case userAccount:
		return set(&n.UserAccount, r.String())
	case userDomain:
		return set(&n.UserDomain, r.String())
	case userFullName:
		return set(&n.UserFullName, r.String())
	case computerName:
		return set(&n.ComputerName, r.String())
	case computerSession:
		return set(&n.ComputerSession, r.Text())
	case clientName:
		return set(&n.ClientName, r.String())
	case clientAddress:
		return set(&n.ClientAddress, r.String())
	case sessionType:
		return set(&n.SessionType, r.Text())
	case sessionID:
		return set(&n.SessionID, r.Text())
	case subSessionID:
		return set(&n.SubSessionID, r.Text())
	case country:
		return set(&n.Country, r.String())
	case status:
		return set(&n.Status, r.Text())
	case logonInfo:
		return set(&n.LogonInfo, r.Text())
	}
	return false
}

func set[T comparable](field *T, value T) bool {
	var zero T
	if value == zero {
		return false
	}
	*field = value
	return true
}

// readTime reads a text, or seconds or milliseconds since 1970.
func (d decoder) readTime(r *jsonbody.Reader) time.Time {
	kind := r.Kind()
	text := string(r.Text())
	if text == "" {
		return time.Time{}
	}
	if t, ok := jsonbody.ParseTime(text, d.zone); ok {
		return t
	}
	// Only what can be a date of this century: eight digits are a calendar date.
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		switch {
		case n >= 1e9 && n < 1e10:
			return time.Unix(n, 0).UTC()
		case n >= 1e12 && n < 1e13:
			return time.UnixMilli(n).UTC()
		}
	}
	r.Warn("time", kind)
	return time.Time{}
}

func describe(e *event.Event, n *Notification) {
	c := codeOf(n.EventType)
	e.Type, e.VendorType = c.typ, string(n.EventType)
	e.Outcome, e.Severity = c.typ.Outcome(), c.typ.Severity()
	e.Time = n.EventTime
	e.Reason = c.reason
	if e.Reason == "" {
		e.Reason = string(n.LogonInfo)
	}
	e.User = event.User{Name: n.UserAccount, Domain: n.UserDomain, FullName: n.UserFullName}
	if domain, user, ok := strings.Cut(n.UserAccount, `\`); ok {
		e.User.Name = user
		if e.User.Domain == "" {
			e.User.Domain = domain
		}
	}
	e.Session = event.Session{ID: string(n.SessionID), Type: string(n.SessionType)}
	if e.Session.Type == "" {
		e.Session.Type = c.session
	}
	e.Device.Name = n.ComputerName
	e.Client = event.Client{Address: convert.Address(n.ClientAddress), Name: n.ClientName}
	if !e.Client.Address.IsValid() {
		if mac, err := net.ParseMAC(n.ClientAddress); err == nil {
			e.Client.MAC = mac.String()
		}
	}
	e.Location = event.Location{Country: n.Country, CountryCode: convert.CountryCode(n.Country)}
}
