package event

import (
	"strings"
	"unicode"
)

// A User is the person or account that an event is about. All of it is
// personal data. [User.Key] is one string for it.
type User struct {
	ID       string `json:"id,omitzero"`
	Name     string `json:"name,omitzero"`
	FullName string `json:"fullName,omitzero"`
	Domain   string `json:"domain,omitzero"`
	Email    string `json:"email,omitzero"`
	Phone    string `json:"phone,omitzero"`
}

// Key returns one string for the same user in different events and at different
// endpoints, as far as the vendor gives enough to tell, for counting by user or
// for looking up a person in a directory of one's own. It is personal data. It is
// empty if there is nothing to tell a user by; FullName is not enough.
//
// The first of these that the vendor sent decides:
//
//	phone:+4712345678      ID, if it is the phone number as well, as Unloc's is
//	id:5f1c                ID, as it is
//	name:acme\ada          Domain and Name
//	name:ada               Name without a Domain
//	email:ada@example.com  Email
//	phone:+4712345678      Phone
//
// Names and e-mail addresses are in lower case and without spaces around them. Of
// phone numbers spaces and the characters -./() are left out, and 00 at the start
// is written as +; a number without a country code stays without. Nothing else is
// made equal: not the short and the DNS name of a Windows domain, not the aliases
// of a mailbox.
//
// An ID comes first since the vendor chooses it: an e-mail address or a phone number
// may be one that a customer claims and has not proved. It is unique at its vendor
// only, and for Relock only within the application that chose it: keep Event.Vendor,
// and Event.Source if owners differ, beside a Key.
func (u User) Key() string {
	switch {
	case u.ID == "":
		if name := foldName(u.Name); name != "" {
			if domain := foldName(u.Domain); domain != "" {
				name = domain + `\` + name
			}
			return "name:" + name
		}
		if email := foldName(u.Email); email != "" {
			return "email:" + email
		}
	case u.ID != u.Phone:
		return "id:" + u.ID
	}
	if phone := foldPhone(u.Phone); phone != "" {
		return "phone:" + phone
	}
	return ""
}

// foldName returns s in lower case and without spaces around it. A letter does not
// become an ASCII one by that, as the Kelvin sign would: who can choose a name
// must not get somebody else's.
func foldName(s string) string {
	return strings.Map(func(r rune) rune {
		if lower := unicode.ToLower(r); lower > unicode.MaxASCII || r <= unicode.MaxASCII {
			return lower
		}
		return r
	}, strings.TrimSpace(s))
}

// foldPhone returns a phone number as a + where one was or 00 stood, and digits.
// What is no number stays as it is.
func foldPhone(s string) string {
	s = strings.TrimSpace(s)
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -./()", r) {
			return -1
		}
		return r
	}, s)
	digits, plus := strings.CutPrefix(digits, "+")
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return s
	}
	if international, ok := strings.CutPrefix(digits, "00"); ok && !plus {
		digits, plus = international, true
	}
	if plus {
		return "+" + digits
	}
	return digits
}
