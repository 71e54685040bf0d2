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

// Key returns the same string for the same user in different events and at
// different endpoints, as far as the vendor sends enough to tell. Use it to count by
// user, or to look up a person in your own directory. It is empty if there is nothing
// to identify a user by; FullName is not enough. A Key is personal data.
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
// Names and e-mail addresses are in lower case and without spaces around them. In
// phone numbers spaces and the characters -./() are left out, and a leading 00
// becomes +; a number without a country code stays without one. Nothing else is
// made equal: not the short and the DNS name of a Windows domain, not the aliases of
// a mailbox.
//
// ID comes first because the vendor chooses it; customers may claim an e-mail address
// or a phone number that is not theirs. An ID is unique only at its vendor, and a
// Relock ID only in the application that chose it. Where that matters, keep
// Event.Vendor and Event.Source beside the Key.
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

// foldName returns s in lower case and without spaces around it. Letters such as the
// Kelvin sign, whose lower case is an ASCII letter, stay as they are: a user who can
// choose a name must not get the key of another.
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
