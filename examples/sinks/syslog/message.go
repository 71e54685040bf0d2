package syslog

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cef"
)

// append appends the message of an event, with its length in front.
func (s *Sink) append(dst []byte, e *event.Event) ([]byte, error) {
	b, err := cef.AppendSyslog(dst, e, s.hostname)
	for longest := 1024; err == nil && longest > 0 && messageSize(b[len(dst):]) > s.maxBytes; longest /= 2 {
		b, err = cef.AppendSyslog(dst, shorten(e, longest), s.hostname)
	}
	return b, err
}

// messageSize returns the size of a message without the length in front of it.
func messageSize(b []byte) int { return len(b) - bytes.IndexByte(b, ' ') - 1 }

// shorten returns a copy of e whose fields have at most so many bytes. What tells events
// apart stays as it is: ID, vendor and type.
func shorten(e *event.Event, longest int) *event.Event {
	e = e.Clone()
	for _, field := range slices.Concat(
		[]*string{&e.Source, &e.VendorType, &e.Reason},
		[]*string{&e.User.ID, &e.User.Name, &e.User.FullName, &e.User.Domain, &e.User.Email, &e.User.Phone},
		[]*string{&e.Session.ID, &e.Session.Type},
		[]*string{&e.Device.ID, &e.Device.Name, &e.Device.Type, &e.Device.OS, &e.Device.Browser},
		[]*string{&e.Lock.ID, &e.Lock.Name, &e.Lock.KeyID},
		[]*string{&e.Client.MAC, &e.Client.Name, &e.Client.UserAgent},
		[]*string{&e.Location.Country, &e.Location.CountryCode, &e.Location.City, &e.Location.Timezone},
	) {
		*field = cut(*field, longest)
	}
	return e
}

// cut returns at most n bytes of s, in whole characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
