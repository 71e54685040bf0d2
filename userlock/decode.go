package userlock

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/convert"
	"github.com/accesshook/accesshook/internal/jsonbody"
)

// Decode turns a notification into an event with a *[Notification]. It does not
// verify anything, and takes times without a zone for UTC; the Decode method of
// an endpoint knows the endpoint's aliases and zone.
//
// The UserLock ID is masked. In a body that comes from a verifier it already is;
// else it is the value that is a GUID of a member with a known name for it, or
// of one with an unknown name. Event.ID is the lower-case hex SHA-256 of the
// body without that value, quotes included.
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
	r, err := jsonbody.NewReader(body)
	if err != nil {
		return nil, fmt.Errorf("userlock: %w", err)
	}
	r.In(d.zone)
	both := new(struct {
		event event.Event
		n     Notification
	})
	e, n := &both.event, &both.n

	// What a verifier has masked is the UserLock ID for certain.
	var few [2]span
	ids := few[:0]
	if start := r.Here(); r.Contains(maskedRest) {
		if ids = d.readAll(n, r, ids, nil); len(ids) == 0 {
			r.Back(start)
			*n = Notification{}
		}
	}
	if len(ids) == 0 {
		ids = d.readAll(n, r, ids, d.candidates(r))
	}

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

// candidates returns where the UserLock ID stands in a body that no verifier has
// seen: the GUIDs whose member has a name of one, failing that the first GUID
// whose name is not that of something else, as a session ID's is.
func (d decoder) candidates(r *jsonbody.Reader) []span {
	var named, guessed []span
	start := r.Here()
	r.Object()
	for r.Next() {
		text, at, end, ok := r.PeekString()
		r.Skip()
		if !ok {
			continue
		}
		if _, err := NewServerID(text); err != nil {
			continue
		}
		switch p, ok := d.lookup(r.Name()); {
		case !ok:
			guessed = append(guessed, span{at, end})
		case p.field == userLockID:
			named = append(named, span{at, end})
		}
	}
	r.Back(start)
	if named == nil && guessed != nil {
		return guessed[:1]
	}
	return named
}

func (d decoder) lookup(name string) (place, bool) {
	if f, ok := column(name); ok && !d.aliased {
		return place{f, 1}, true
	}
	var buf [maxName]byte
	p, ok := d.names[string(normalizeName(buf[:0], name))]
	return p, ok
}

// readAll reads the members into the fields that they stand for. It appends to
// ids where the UserLock IDs are: what is masked and, in a body that is not, what
// is in clear.
func (d decoder) readAll(n *Notification, r *jsonbody.Reader, ids, clear []span) []span {
	var taken [fieldCount]int // rank of the name that filled a field, plus one
	r.Object()
	for r.Next() {
		if text, start, end, ok := r.PeekString(); ok {
			id, ok := maskedID(text)
			if !ok && slices.Contains(clear, span{start, end}) {
				id, _ = NewServerID(text)
				ok = true
			}
			if ok {
				ids = append(ids, span{start, end})
				if n.ServerID == "" {
					n.ServerID = id
				}
				r.Skip()
				continue
			}
		}
		p, ok := d.lookup(r.Name())
		if !ok || p.field == userLockID {
			r.Keep(&n.Extra)
			continue
		}
		if was := taken[p.field]; was != 0 {
			r.Warn("unique name", "repeated")
			if was <= p.rank+1 {
				r.Skip()
				continue
			}
		}
		taken[p.field] = p.rank + 1
		d.read(n, p.field, r)
	}
	return ids
}

func (d decoder) read(n *Notification, f field, r *jsonbody.Reader) {
	switch f {
	case eventType:
		n.EventType = r.Text()
	case eventTime:
		n.EventTime = d.readTime(r)
	case userAccount:
		n.UserAccount = r.String()
	case userDomain:
		n.UserDomain = r.String()
	case userFullName:
		n.UserFullName = r.String()
	case computerName:
		n.ComputerName = r.String()
	case computerSession:
		n.ComputerSession = r.Text()
	case clientName:
		n.ClientName = r.String()
	case clientAddress:
		n.ClientAddress = r.String()
	case sessionType:
		n.SessionType = r.Text()
	case sessionID:
		n.SessionID = r.Text()
	case subSessionID:
		n.SubSessionID = r.Text()
	case country:
		n.Country = r.String()
	case status:
		n.Status = r.Text()
	case logonInfo:
		n.LogonInfo = r.Text()
	}
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
	e.Time = jsonbody.EventTime(n.EventTime)
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
