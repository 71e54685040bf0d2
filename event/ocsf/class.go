package ocsf

import (
	"cmp"
	"strings"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/product"
)

func (d *document) authentication() {
	e := d.e
	d.user("user")
	d.endpoint("src_endpoint")
	d.target()
	s := &e.Session
	remote := strings.EqualFold(s.Type, "terminal")
	switch {
	case e.Type == event.SessionUnlocked:
		d.logonType(7, "Unlock")
	case remote:
		d.logonType(10, "Remote Interactive")
	case strings.EqualFold(s.Type, "interactive"), strings.EqualFold(s.Type, "workstation"):
		d.logonType(2, "Interactive")
	case isOther(s.Type):
		d.logonType(other, s.Type)
	}
	if remote {
		d.Bool("is_remote", true)
	}
	d.has.session = true
	d.Object("session", func() {
		d.Text("uid", s.ID)
		if e.Type == event.SessionStarted && s.ID != "" {
			d.milliseconds("created_time", e.Time)
		}
		d.milliseconds("expiration_time", s.Expires)
		if remote {
			d.Bool("is_remote", true)
		}
	})
	d.userAgent()
}

// target writes what the user logged on to, which the class wants: the computer, or else
// the product, with the name of the endpoint that tells its sites apart.
func (d *document) target() {
	e := d.e
	if product.HasComputer(e) {
		d.targetPath = "dst_endpoint"
		d.Object("dst_endpoint", func() { d.device(e.Device.Type != "") })
		return
	}
	d.Object("service", func() {
		_, name := product.Of(e.Vendor)
		d.Always("name", name)
		if e.Source != e.Vendor {
			d.Text("uid", e.Source)
		}
	})
}

func (d *document) account() {
	d.user("user")
	if d.class == userAccess {
		d.Texts("privileges", "Unknown") // which the vendor does not say
	}
	d.endpoint("src_endpoint")
	d.userAgent()
}

// entity writes a device, a lock or a record, by the family of the type.
func (d *document) entity() {
	e := d.e
	family, _, _ := strings.Cut(string(e.Type), ".")
	switch family {
	case "device":
		d.source.device = nil // it is the entity
		d.actor()
		d.Object("entity", func() {
			d.kind(1, "Device")
			d.Text("uid", e.Device.ID)
			d.Text("name", e.Device.Name)
			d.Object("device", func() {
				d.device(true)
				if !named(&e.Device) {
					d.Always("name", "Unknown")
				}
			})
		})
	case "lock":
		d.has.lock = true
		d.actor()
		d.Object("entity", func() {
			d.kind(other, "Door Lock")
			d.Text("uid", e.Lock.ID)
			d.Text("name", e.Lock.Name)
			if e.Lock.ID == "" && e.Lock.Name == "" {
				d.Always("name", "Unknown")
			}
		})
	default: // somebody's record, of which the user is all that the shared event knows
		d.Object("entity", func() {
			d.kind(other, "Custom Object")
			d.user("entity.user")
		})
	}
	d.endpoint("src_endpoint")
	d.userAgent()
}

// actor writes who did it, if somebody is known.
func (d *document) actor() {
	if d.e.User != (event.User{}) {
		d.Object("actor", func() { d.user("actor.user") })
	}
}

// finding writes what was found, and about whom and where as evidence: the class has no
// place of its own for them.
func (d *document) finding() {
	e := d.e
	d.Bool("is_alert", true)
	d.Object("finding_info", func() {
		d.uid("uid")
		d.Always("title", cmp.Or(e.Reason, "Security alert"))
		d.Text("desc", e.Reason)
		d.Int("created_time", happened(e).UnixMilli())
	})
	if e.User == (event.User{}) && !d.source.known() {
		return
	}
	d.Array("evidences", func() {
		d.Element(func() {
			if e.User != (event.User{}) {
				d.user("evidences[0].user")
			}
			d.endpoint("evidences[0].src_endpoint")
			d.userAgent()
		})
	})
}

// base writes what the profile "host" adds: who, and the computer or the source.
func (d *document) base() {
	d.actor()
	if product.HasComputer(d.e) {
		d.targetPath = "device"
		d.Object("device", func() { d.device(true) })
		return
	}
	d.endpoint("device")
}

// kind writes the type of an object.
func (d *document) kind(id int64, name string) {
	d.Int("type_id", id)
	d.Always("type", name)
}

// logonType writes how the user logged on.
func (d *document) logonType(id int64, name string) {
	d.Int("logon_type_id", id)
	d.Always("logon_type", name)
}
