package ocsf

import (
	"net/netip"
	"strings"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/address"
	"github.com/accesshook/accesshook/internal/product"
)

// A source is where the user came from.
type source struct {
	address netip.Addr
	mac     string        // of 48 bits; others have no place
	host    string        // the client's name
	device  *event.Device // that the user holds, or nil
}

func sourceOf(e *event.Event) source {
	s := source{address: product.Address(e), host: e.Client.Name}
	if address.IsMAC48(e.Client.MAC) {
		s.mac = e.Client.MAC
	}
	if !product.HasComputer(e) && e.Device != (event.Device{}) {
		s.device = &e.Device
	}
	return s
}

// known reports whether there is one of the identifiers that an endpoint must have.
func (s *source) known() bool {
	return s.address.IsValid() || s.mac != "" || s.host != "" || s.device != nil && named(s.device)
}

// endpoint writes the source, if it is known, as the member that path ends in.
func (d *document) endpoint(path string) {
	s := &d.source
	if !s.known() {
		return
	}
	d.sourcePath = path
	d.Object(member(path), func() {
		d.Text("hostname", s.host)
		d.Address("ip", s.address)
		d.Text("mac", s.mac)
		d.Text("interface_uid", s.mac) // an identifier, which mac is not
		switch {
		case s.device != nil:
			d.device(path == "device" || s.device.Type != "")
		case path == "device":
			d.kind(unknown, "Unknown")
		}
		if l := &d.e.Location; l.City != "" || l.CountryCode != "" {
			d.has.location = true
			d.Object("location", func() {
				d.Text("city", l.City)
				d.Text("country", l.CountryCode)
			})
		}
	})
}

// named reports whether there is one of the identifiers that a device must have.
func named(device *event.Device) bool { return device.ID != "" || device.Name != "" }

// member returns the last name of a path.
func member(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

// device writes the members of Event.Device.
func (d *document) device(typed bool) {
	e := d.e
	d.has.device = true
	d.Text("uid", e.Device.ID)
	if product.HasComputer(e) {
		d.Text("hostname", e.Device.Name)
	} else {
		d.Text("name", e.Device.Name)
	}
	if typed {
		d.kind(deviceType(e.Device.Type))
	}
	if os := e.Device.OS; os != "" {
		d.Object("os", func() {
			d.Always("name", os)
			d.kind(system(os))
		})
	}
}

// choices are words for the values of an enum, and their names in the schema.
type choices []struct {
	word string // in lower case
	id   int64
	name string
}

// find returns the value for which is true of its word, or else that s is other.
func (c choices) find(s string, is func(s, word string) bool) (id int64, name string) {
	if !isOther(s) {
		return unknown, "Unknown"
	}
	for _, choice := range c {
		if is(s, choice.word) {
			return choice.id, choice.name
		}
	}
	return other, s
}

// isOther reports whether s may stand for a value that the schema does not list.
func isOther(s string) bool {
	return s != "" && !strings.EqualFold(s, "other") && !strings.EqualFold(s, "unknown")
}

var deviceTypes = choices{
	{"server", 1, "Server"},
	{"desktop", 2, "Desktop"},
	{"laptop", 3, "Laptop"},
	{"tablet", 4, "Tablet"},
	{"mobile", 5, "Mobile"}, {"phone", 5, "Mobile"}, {"smartphone", 5, "Mobile"},
	{"virtual", 6, "Virtual"},
	{"iot", 7, "IOT"},
	{"browser", 8, "Browser"},
}

func deviceType(s string) (int64, string) { return deviceTypes.find(s, strings.EqualFold) }

// systems are beginnings of the names of operating systems.
var systems = choices{
	{"windows", 100, "Windows"},
	{"android", 201, "Android"},
	{"linux", 200, "Linux"},
	{"macos", 300, "macOS"}, {"mac os", 300, "macOS"},
	{"ios", 301, "iOS"},
	{"ipados", 302, "iPadOS"},
}

func system(s string) (int64, string) { return systems.find(s, hasPrefixFold) }

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
