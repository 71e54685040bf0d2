package ecs

import (
	"cmp"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/country"
	"github.com/accesshook/accesshook/internal/jsonappend"
	"github.com/accesshook/accesshook/internal/product"
	"github.com/accesshook/accesshook/internal/sentence"
)

func writeMessage(o *jsonappend.Object, e *event.Event) {
	var buf [512]byte
	o.Always("message", string(sentence.Append(buf[:0], e)))
}

func writeUsers(o *jsonappend.Object, e *event.Event, c *class) {
	o.Object("user", func() {
		writeUser(o, &e.User)
		if c.account {
			o.Object("target", func() { writeUser(o, &e.User) })
		}
	})
}

func writeUser(o *jsonappend.Object, u *event.User) {
	o.Text("id", u.ID)
	o.Text("name", userName(u))
	o.Text("full_name", u.FullName)
	o.Text("domain", u.Domain)
	o.Text("email", u.Email)
}

// userName is what rules and jobs count by.
func userName(u *event.User) string { return cmp.Or(u.Name, u.Email, u.ID) }

func writeSource(o *jsonappend.Object, e *event.Event, c *class) {
	client, l := &e.Client, &e.Location
	ip := product.Address(e)
	o.Object("source", func() {
		o.Address("ip", ip)
		mac, n := formatMAC(client.MAC)
		o.Text("mac", string(mac[:n]))
		o.Text("domain", client.Name)
		o.Object("geo", func() {
			o.Text("country_iso_code", l.CountryCode)
			o.Text("country_name", cmp.Or(country.Name(l.CountryCode), l.Country))
			o.Text("city_name", l.City)
			o.Text("timezone", l.Timezone)
		})
		if !c.account && (ip.IsValid() || client.MAC != "" || client.Name != "") {
			o.Object("user", func() { writeUser(o, &e.User) })
		}
	})
	o.Object("client", func() { o.Address("ip", ip) })
}

// maxMAC is the length of an EUI-64.
const maxMAC = len("AA-BB-CC-DD-EE-FF-00-11")

// formatMAC returns an address such as aa:bb:cc:dd:ee:ff in the form of ECS, which is
// that of RFC 7042, and its length. It is 0 for what is no such address.
func formatMAC(mac string) (b [maxMAC]byte, n int) {
	if len(mac) != len("AA-BB-CC-DD-EE-FF") && len(mac) != maxMAC {
		return b, 0
	}
	for i := range len(mac) {
		switch c := mac[i]; {
		case i%3 == 2 && (c == ':' || c == '-'):
			b[i] = '-'
		case i%3 != 2 && ('0' <= c && c <= '9' || 'A' <= c && c <= 'F'):
			b[i] = c
		case i%3 != 2 && 'a' <= c && c <= 'f':
			b[i] = c - 'a' + 'A'
		default:
			return b, 0
		}
	}
	return b, len(mac)
}

func writeDevice(o *jsonappend.Object, e *event.Event) {
	d := &e.Device
	if product.HasComputer(e) {
		o.Object("host", func() {
			o.Always("name", d.Name)
			o.Always("hostname", d.Name)
			o.Object("os", func() { o.Always("type", "windows") })
		})
	}
	o.Object("device", func() {
		o.Text("id", d.ID)
		o.Text("type", d.Type)
	})
	o.Object("user_agent", func() {
		o.Text("original", e.Client.UserAgent)
		o.Text("name", d.Browser)
		o.Object("os", func() { o.Text("full", d.OS) })
	})
}

func writeObserver(o *jsonappend.Object, e *event.Event) {
	company, name := product.Of(e.Vendor)
	o.Object("observer", func() {
		o.Text("vendor", company)
		o.Text("product", name)
		o.Text("name", e.Source)
	})
}

func writeRelated(o *jsonappend.Object, e *event.Event) {
	o.Object("related", func() {
		o.Texts("user", e.User.Name, e.User.ID, e.User.Email)
		o.Addresses("ip", product.Address(e))
		computer := ""
		if product.HasComputer(e) {
			computer = e.Device.Name
		}
		o.Texts("hosts", computer, e.Client.Name)
	})
}

func writeLabels(o *jsonappend.Object, e *event.Event) {
	o.Object("labels", func() {
		o.Text("session_id", e.Session.ID)
		o.Text("session_type", e.Session.Type)
		o.Time("session_expires", e.Session.Expires)
		o.Text("user_phone", e.User.Phone)
		if !product.HasComputer(e) {
			o.Text("device_name", e.Device.Name)
		}
		o.Text("lock_id", e.Lock.ID)
		o.Text("lock_name", e.Lock.Name)
		o.Text("key_id", e.Lock.KeyID)
		if _, n := formatMAC(e.Client.MAC); n == 0 {
			o.Text("client_mac", e.Client.MAC)
		}
	})
}
