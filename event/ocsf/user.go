package ocsf

import (
	"cmp"
	"strings"

	"github.com/accesshook/accesshook/event"
)

// user writes the user as the member that path ends in.
func (d *document) user(path string) {
	u := &d.e.User
	d.userPath = path
	d.Object(member(path), func() {
		d.Text("name", userName(u))
		d.Text("uid", u.ID)
		d.Text("domain", u.Domain)
		d.Text("full_name", u.FullName)
		if isEmail(u.Email) {
			d.Always("email_addr", u.Email)
		}
		d.Text("phone_number", u.Phone)
		if *u == (event.User{}) {
			d.kind(unknown, "Unknown")
		}
	})
}

// userName returns the user's name. The schema wants a name or an ID, so the next best
// stands for them if there is neither.
func userName(u *event.User) string {
	if u.Name != "" || u.ID != "" {
		return u.Name
	}
	return cmp.Or(u.Email, u.Phone, u.FullName, u.Domain, "Unknown")
}

// isEmail reports whether the schema's type email_t takes s: its pattern is
// [a-zA-Z0-9!#$%&'*+-/=?^_`{|}~.]+@[a-zA-Z0-9-]+\.[a-zA-Z0-9-.]+, in which +-/ is a range.
func isEmail(s string) bool {
	local, domain, _ := strings.Cut(s, "@")
	first, rest, _ := strings.Cut(domain, ".")
	return local != "" && first != "" && rest != "" &&
		strings.Trim(local, letters+"!#$%&'*+,-./=?^_`{|}~") == "" && strings.Trim(first, letters+"-") == "" && strings.Trim(rest, letters+"-.") == ""
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
