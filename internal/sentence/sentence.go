// Package sentence says what happened in one English sentence, for the formats that have
// a message for people.
package sentence

import (
	"cmp"
	"net/netip"
	"strings"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/product"
)

// MaxName and MaxReason are how many characters of a name, and of a reason, a sentence
// has at most. A longer one is cut, with … at its end.
const (
	MaxName   = 100
	MaxReason = 400
)

// Append appends one sentence about e to dst, such as
//
//	Ada Okoye (EXAMPLE\aokoye) logged on to DESK-21 from 192.0.2.21.
//
// Names stand in it as the vendor sent them, with all their characters: the caller
// escapes them. It is not longer than some 1500 characters.
func Append(dst []byte, e *event.Event) []byte {
	f, ok := forms[e.Type]
	if !ok {
		return appendOther(dst, e)
	}
	b := append(dst, f.before...)
	b = appendUser(b, &e.User, f.before == "")
	b = append(b, f.after...)
	b = appendObject(b, e, f.object)
	if f.client {
		b = appendClient(b, e)
	}
	b = append(b, f.end...)
	return appendReason(b, e.Reason)
}

// appendOther is for events whose type is not known here.
func appendOther(dst []byte, e *event.Event) []byte {
	name := string(e.Type)
	if name == "" || e.Type == event.Unknown {
		name = e.VendorType
	}
	_, product := product.Of(e.Vendor)
	b := append(dst, "Event "...)
	if name != "" {
		b = append(appendCut(b, name, MaxName), ' ')
	}
	b = appendCut(append(b, "of "...), product, MaxName)
	if e.User != (event.User{}) {
		b = appendUser(append(b, " about "...), &e.User, false)
	}
	b = appendObject(b, e, computer)
	b = appendObject(b, e, door)
	return appendReason(appendClient(b, e), e.Reason)
}

// appendUser appends the name of a person and of the account, as far as there are any.
func appendUser(dst []byte, u *event.User, first bool) []byte {
	account := cmp.Or(u.Name, u.Email, u.Phone, u.ID)
	switch {
	case u.FullName != "" && account != "":
		dst = append(appendCut(dst, u.FullName, MaxName), " ("...)
		return append(appendAccount(dst, u, account), ')')
	case u.FullName != "":
		return appendCut(dst, u.FullName, MaxName)
	case account != "":
		return appendAccount(dst, u, account)
	case first:
		return append(dst, "Somebody"...)
	default:
		return append(dst, "somebody"...)
	}
}

func appendAccount(dst []byte, u *event.User, account string) []byte {
	if u.Name != "" && u.Domain != "" {
		dst = append(appendCut(dst, u.Domain, MaxName), '\\')
	}
	return appendCut(dst, account, MaxName)
}

func appendObject(dst []byte, e *event.Event, o object) []byte {
	name := ""
	switch o.kind {
	case kindComputer:
		name = e.Device.Name
	case kindDevice:
		name = cmp.Or(e.Device.Name, e.Device.ID)
	case kindLock:
		name = cmp.Or(e.Lock.Name, e.Lock.ID)
	}
	if name == "" {
		return append(dst, o.without...)
	}
	return appendCut(append(dst, o.before...), name, MaxName)
}

// appendClient appends where the user came from, and the city or country of it.
func appendClient(dst []byte, e *event.Event) []byte {
	c, l := &e.Client, &e.Location
	switch {
	case c.Address != (netip.Addr{}):
		dst = product.Address(e).AppendTo(append(dst, " from "...))
	case c.MAC != "" || c.Name != "":
		dst = appendCut(append(dst, " from "...), cmp.Or(c.Name, c.MAC), MaxName)
	}
	switch {
	case l.City != "" && l.Country != "":
		dst = appendCut(append(dst, " in "...), l.City, MaxName)
		return appendCut(append(dst, ", "...), l.Country, MaxName)
	case l.City != "" || l.Country != "":
		return appendCut(append(dst, " in "...), cmp.Or(l.City, l.Country), MaxName)
	}
	return dst
}

// appendReason ends the sentence.
func appendReason(dst []byte, reason string) []byte {
	reason = strings.TrimRight(reason, ". ")
	if reason == "" {
		return append(dst, '.')
	}
	dst = append(dst, ": "...)
	switch reason {
	case "denied_by_userlock":
		reason = "denied by UserLock"
	case "denied_by_active_directory":
		reason = "denied by Active Directory"
	}
	start := len(dst)
	dst = appendCut(dst, reason, MaxReason)
	if isCode(reason) {
		for i, c := range dst[start:] {
			if c == '_' {
				dst[start+i] = ' '
			}
		}
	}
	return append(dst, '.')
}

// isCode reports whether s is words in lower case with underscores between.
func isCode(s string) bool { return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz_") == "" }

// appendCut appends at most n characters of s. It counts as one what is not UTF-8, which
// becomes one character in an encoding.
func appendCut(dst []byte, s string, n int) []byte {
	if len(s) <= n {
		return append(dst, s...)
	}
	for i := range s {
		if n == 0 {
			return append(append(dst, s[:i]...), "…"...)
		}
		n--
	}
	return append(dst, s...)
}
