// Package product has what the formats below package event know of an event in the same
// way: whether it can be written, and what the vendors' products are called.
package product

import "github.com/accesshook/accesshook/event"

// HasComputer reports whether Device of e is the computer of a Windows session. If not, it
// is what the user holds.
func HasComputer(e *event.Event) bool { return e.Vendor == "userlock" && e.Device.Name != "" }

// Of returns the company and the product that a vendor of package event stands for. For
// a vendor of somebody's own, both are its name.
func Of(vendor string) (company, name string) {
	switch vendor {
	case "userlock":
		return "IS Decisions", "UserLock"
	case "unloc":
		return "Unloc", "Unloc"
	case "relock":
		return "Relock", "Relock"
	case "loginradius":
		return "LoginRadius", "LoginRadius"
	default:
		return vendor, vendor
	}
}
