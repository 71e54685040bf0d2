package userlock

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/address"
	"github.com/accesshook/accesshook/internal/country"
	"github.com/accesshook/accesshook/internal/eventid"
	"github.com/accesshook/accesshook/internal/jsonbody"
	"github.com/accesshook/accesshook/internal/timestamp"
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
	return decoder{names: known}.decodeForeign(body)
}

type decoder struct {
	names names
	times timestamp.Format
}

// A trust is what is known of the UserLock IDs in a body.
type trust int

const (
	verified trust = iota // a verifier has marked or masked them
	encoded               // the body is an encoded Notification
	foreign               // nothing
)

// decodeForeign decodes a body that no verifier has seen.
func (d decoder) decodeForeign(body []byte) (*event.Event, error) {
	r, err := jsonbody.Open(body)
	if err != nil {
		return nil, fmt.Errorf("userlock: %w", err)
	}
	defer r.Close()
	e := d.read(r, d.guess(r))
	e.ID = eventid.Without(body, r.Marked())
	return e, nil
}

// decode decodes a body in which a verifier has masked the UserLock IDs.
func (d decoder) decode(_ http.Header, body []byte) (*event.Event, error) {
	r, err := jsonbody.Open(body)
	if err != nil {
		return nil, fmt.Errorf("userlock: %w", err)
	}
	defer r.Close()
	return d.read(r, verified), nil
}

// walk decodes a body in which a verifier has marked the UserLock IDs.
func (d decoder) walk(r *jsonbody.Reader) *event.Event { return d.read(r, verified) }

// read makes an event without an ID.
func (d decoder) read(r *jsonbody.Reader, how trust) *event.Event {
	r.SetTimes(d.times)
	both := new(struct { // one piece of memory
		event event.Event
		n     Notification
	})
	e, n := &both.event, &both.n
	client, any := d.readAll(n, r, how)
	if !any {
		r.Warn(0, "EventType", "none")
	}
	e.Vendor, e.Source = Vendor, Vendor
	e.Payload = n
	describe(e, n)
	if n.ClientAddress != "" {
		e.Client.Address, e.Client.MAC = addresses(n.ClientAddress, func(want, got string) { r.Warn(client, want, got) })
	}
	e.Warnings = r.Warnings()
	return e
}

// guess marks what may be the UserLock ID of a body that no verifier has seen.
func (d decoder) guess(r *jsonbody.Reader) trust {
	for _, wanted := range []bool{true, false} { // what is named as one, or else has an unknown name
		for r.Object(); r.Next(); r.Skip() {
			text, _ := r.Peek()
			p, ok := d.names.lookup(r.Name(), new(int))
			if _, masked := maskedID(text); masked && ok && p.isID() {
				r.Back(0)
				return encoded
			}
			if ok == wanted && (!ok || p.isID()) && isGUID(text) {
				r.MarkValue()
			}
		}
		r.Back(0)
		if len(r.Marked()) > 0 {
			break
		}
	}
	return foreign
}

func isGUID(text []byte) bool {
	var digits [2 * idDigits]byte
	_, ok := normalizeID(digits[:0], text)
	return ok
}

const (
	maxFields = 32 // of Notification
	maxRank   = 100
)

var clientAddress = jsonbody.FieldIndex[Notification]("ClientAddress")

// readAll reads the members into the fields that they stand for. It returns where
// ClientAddress is, and whether there is any field.
func (d decoder) readAll(n *Notification, r *jsonbody.Reader, how trust) (client jsonbody.Place, any bool) {
	var taken [maxFields]int // rank of the name that filled a field, plus one
	fields, next := jsonbody.StructOf(n), 0
	for r.Object(); r.Next(); {
		name := r.Name()
		p, ok := d.names.lookup(name, &next)
		text, isText := r.Peek()
		switch {
		case isText && len(text) >= idDigits && (r.IsMarked() || hidden(text, ok, p, how)):
			// Beside a marked one, others only have the name of an ID or look like one.
			if n.ServerID == "" && (r.IsMarked() || len(r.Marked()) == 0) {
				n.ServerID = ServerID(r.String(shown(text)))
			}
			r.Skip()
		case ok && p.isID() && string(name) == idName:
			// It is no GUID. An encoding must not have this name twice.
			if !r.Absent() {
				r.Warn(r.Here(), "GUID", r.Kind())
			}
			r.Skip()
		case !ok || p.isID():
			r.Keep(&n.Extra, string(name))
		case r.Absent():
			r.Skip() // no reason to lose what another name has
		default:
			at := r.Here()
			rank := p.rank + 1
			if kind := r.Kind(); kind != "string" && kind != "number" {
				rank += maxRank // better the value of a lesser name that is of a usual type
			}
			if was := taken[p.field]; was != 0 {
				r.Warn(at, "unique name", "repeated")
				if was < rank {
					r.Skip()
					continue
				}
			}
			switch r.Field(fields, p.field) {
			case jsonbody.Set:
				taken[p.field], any = rank, true
				if p.field == clientAddress {
					client = at
				}
				if hasControl(text) { // such as the \b of an unescaped DOMAIN\bob
					r.Warn(at, "text", "control character")
				}
			case jsonbody.Misfit:
				r.Back(at)
				r.Keep(&n.Extra, string(name))
			}
		}
	}
	return client, any
}

// addresses reads what may be an IP address or the address of a network card.
func addresses(text string, warn func(want, got string)) (ip netip.Addr, mac string) {
	ip, status := address.Parse(text)
	switch status {
	case address.First:
		warn("one IP address", "list")
	case address.Unreadable:
		var ok bool
		if mac, ok = address.MAC(text); !ok {
			warn("IP or MAC address", "string")
		}
	}
	return ip, mac
}

func hasControl(text []byte) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] == 0x7f {
			return true
		}
	}
	return false
}

// hidden reports whether a text that no verifier has marked is taken for a UserLock
// ID: it has the name and the form of one, masked or in clear, or a form that tells
// enough where the name is not known.
func hidden(text []byte, known bool, p place, how trust) bool {
	_, masked := maskedID(text)
	switch {
	case known && p.isID():
		return masked || isGUID(text)
	case known:
		return false
	default:
		return how == verified && masked || how == foreign && isGUID(text)
	}
}

// shown returns the digits that may be shown of a UserLock ID, masked or in clear.
func shown(text []byte) []byte {
	digits := make([]byte, 0, shownDigits)
	for _, c := range text {
		if c := hexDigits[c]; c != 0 && len(digits) < shownDigits {
			digits = append(digits, c)
		}
	}
	return digits
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
	e.Client.Name = n.ClientName
	e.Location = event.Location{Country: n.Country, CountryCode: country.Code(n.Country)}
}
