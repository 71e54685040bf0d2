package ocsf

import "github.com/accesshook/accesshook/event"

// observables writes what is searched for in all events, whatever their class: the user,
// the addresses and the hosts.
func (d *document) observables() {
	e := d.e
	d.Array("observables", func() {
		if u := &e.User; d.userPath != "" && *u != (event.User{}) {
			d.observable(d.userPath, ".name", 4, "User Name", userName(u))
			d.observable(d.userPath, ".uid", 31, "", u.ID)
			if isEmail(u.Email) {
				d.observable(d.userPath, ".email_addr", 5, "Email Address", u.Email)
			}
		}
		if s := &d.source; d.sourcePath != "" {
			if s.address.IsValid() {
				d.Element(func() {
					d.Joined("name", d.sourcePath, ".ip")
					d.kind(2, "IP Address")
					d.Address("value", s.address)
				})
			}
			d.observable(d.sourcePath, ".mac", 3, "MAC Address", s.mac)
			d.observable(d.sourcePath, ".hostname", 1, "Hostname", s.host)
		}
		if d.targetPath != "" {
			d.observable(d.targetPath, ".hostname", 1, "Hostname", e.Device.Name)
		}
	})
}

// observable writes an element, unless value is empty. Its name is path and member. The
// schema does not say what the type of a user's ID is called.
func (d *document) observable(path, member string, id int64, typ, value string) {
	if value == "" {
		return
	}
	d.Element(func() {
		d.Joined("name", path, member)
		d.Int("type_id", id)
		d.Text("type", typ)
		d.Always("value", value)
	})
}
