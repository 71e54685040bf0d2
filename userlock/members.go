package userlock

import "github.com/accesshook/accesshook/internal/jsonbody"

// members reads the members of a body into the fields that they stand for.
type members struct {
	*decoder
	r       *jsonbody.Reader
	n       *Notification
	foreign bool // no verifier has seen the body, and it is no encoded Notification
	taken   [maxFields]claim
	found   bool // a field has a value
}

// A claim is where the value of a field stands, and how good the name and type of
// its member are: 1 is best, and 0 says that there is no value.
type claim struct {
	rank int
	at   jsonbody.Place
}

const (
	maxFields = 16  // of Notification
	unusual   = 100 // added to the rank of a value that is no string and no number
)

var (
	clientAddress = jsonbody.FieldIndex[Notification]("ClientAddress")
	logonInfo     = jsonbody.FieldIndex[Notification]("LogonInfo")
)

func (m *members) read() {
	r, n := m.r, m.n
	fields, next := jsonbody.StructOf(n), 0
	for r.Object(); r.Next(); {
		p, ok := m.names.lookup(r.Name(), &next)
		text, isText := r.Peek()
		switch {
		case len(text) >= idDigits && (r.IsMarked() || m.hidden(text, ok, p)):
			// Beside a marked one, others only have the name of an ID or look like one.
			if n.ServerID == "" && (r.IsMarked() || len(r.Marked()) == 0) {
				n.ServerID = ServerID(r.String(shown(text)))
			}
			if ok && !p.isID() {
				r.Warn(r.Here(), "text", "UserLock ID")
			}
			r.Skip()
		case !ok:
			r.Keep(&n.Extra, string(r.Name()))
		case r.Absent():
			r.Skip() // no reason to lose what another name has
		case p.isID():
			if string(r.Name()) == idName {
				r.Warn(r.Here(), "GUID", r.Kind())
			}
			m.keep(p, r.Here())
		default:
			c := claim{p.rank, r.Here()}
			if !isText && r.Kind() != "number" {
				c.rank += unusual
			}
			m.field(fields, p, c, text)
		}
	}
	m.tidy()
}

// field reads a value into a field, unless another member has a better claim to it.
func (m *members) field(fields jsonbody.Struct, p place, c claim, text []byte) {
	r, was := m.r, m.taken[p.field]
	if was.rank != 0 && was.rank < c.rank {
		r.Warn(c.at, "unique name", "repeated")
		m.keep(p, c.at)
		return
	}
	switch r.Field(fields, p.field) {
	case jsonbody.Set:
		m.taken[p.field], m.found = c, true
		if !r.Plain() && p.field != logonInfo && hasControl(text) { // such as the \b of an unescaped DOMAIN\bob
			r.Warn(c.at, "text", "control character")
		}
		if was.rank != 0 {
			r.Warn(c.at, "unique name", "repeated")
			end := r.Here()
			m.keep(p, was.at)
			r.Back(end)
		}
	case jsonbody.Misfit:
		m.keep(p, c.at)
	}
}

// keep takes the value at a place, which is not the value of the field at p, into
// Extra, unless it would be read into another field once it has been encoded.
func (m *members) keep(p place, at jsonbody.Place) {
	m.r.Back(at - 1)
	m.r.Next()
	name := m.r.Name()
	if q, ok := known.lookup(name, new(int)); ok && q.field != p.field {
		m.r.Skip()
		return
	}
	m.r.Keep(&m.n.Extra, string(name))
}

// tidy removes from Extra what has the very name under which another value is
// encoded.
func (m *members) tidy() {
	if m.n.Extra == nil {
		return
	}
	for _, c := range known.columns {
		if c.isID() && m.n.ServerID != "" || !c.isID() && m.taken[c.field].rank != 0 {
			delete(m.n.Extra, c.name)
		}
	}
	if len(m.n.Extra) == 0 {
		m.n.Extra = nil
	}
}

func hasControl(text []byte) bool {
	for _, c := range text {
		if c < ' ' || c == 0x7f {
			return true
		}
	}
	return false
}

// guess marks what may be the UserLock ID of a body that no verifier has seen. It reports
// whether the body is foreign, not an encoded Notification.
func (d *decoder) guess(r *jsonbody.Reader) (foreign bool) {
	for _, wanted := range []bool{true, false} { // what is named as one, or else has an unknown name
		for r.Object(); r.Next(); r.Skip() {
			text, _ := r.Peek()
			p, ok := d.names.lookup(r.Name(), new(int))
			if _, masked := maskedID(text); masked && ok && p.isID() {
				r.Back(0)
				return false
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
	return true
}

// hidden reports whether a text that is not marked is taken for a UserLock ID: it has
// the name and the form of one, masked or in clear, or in a foreign body the form alone.
func (m *members) hidden(text []byte, known bool, p place) bool {
	if !known {
		return m.foreign && isGUID(text)
	}
	_, masked := maskedID(text)
	return p.isID() && (masked || isGUID(text))
}
