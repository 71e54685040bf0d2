package cef

import (
	"slices"
	"strconv"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/product"
)

// AppendSyslog appends e to dst as a syslog message of RFC 5424 with what [Append] writes
// as its text, for TCP and TLS. The length of the message in octets and a space stand in
// front of it, so no line end is needed: that is octet counting, RFC 6587 (TCP) and
// RFC 5425 (TLS). A usual message has less than 1,500 octets. Long values can make it
// longer than the 8,192 that a receiver should take (RFC 5425, section 4.3.1): it may cut
// them off.
//
// The facility is 10, private security and authorization messages: logs have personal data, and
// usual configurations keep that facility in files that are not for everybody. The
// severity is 2 (critical) to 6 (informational). The timestamp is Event.Time in UTC, else
// Event.Received, cut to microseconds. The application is accesshook, and the ID of the
// message Event.Type. There is no structured data, and no byte order mark: receivers look
// for "CEF:" at the beginning of the text.
//
// Hostname is the name of the machine that sends, such as [os.Hostname] returns. At most
// 255 of its characters are written, and a hyphen for each one that the RFC does not allow.
func AppendSyslog(dst []byte, e *event.Event, hostname string) ([]byte, error) {
	b := dst
	if e != nil { // or Append says what is wrong
		b = append(b, '<')
		b = strconv.AppendInt(b, facility*8+priorities[product.Known(e.Severity, len(severities))], 10)
		b = append(b, ">1 "...)
		if at := product.Happened(e); at.IsZero() {
			b = append(b, '-')
		} else {
			b = at.UTC().AppendFormat(b, "2006-01-02T15:04:05.999999Z07:00")
		}
		b = append(b, ' ')
		b = appendName(b, hostname, 255)
		b = append(b, " accesshook - "...)
		b = appendName(b, string(e.Type), 32)
		b = append(b, " - "...)
	}
	b, err := Append(b, e)
	if err != nil {
		return dst, err
	}
	var buf [20]byte
	length := strconv.AppendInt(buf[:0], int64(len(b)-len(dst)), 10)
	return slices.Insert(b, len(dst), append(length, ' ')...), nil
}

const facility = 10

var priorities = [...]int64{
	event.SeverityUnknown: 6, event.SeverityInfo: 6, event.SeverityLow: 5,
	event.SeverityMedium: 4, event.SeverityHigh: 3, event.SeverityCritical: 2,
}

// appendName appends a field of the header of RFC 5424.
func appendName(dst []byte, s string, longest int) []byte {
	if s == "" {
		return append(dst, '-')
	}
	for _, r := range cut(s, longest) {
		if r <= ' ' || r > '~' {
			r = '-'
		}
		dst = append(dst, byte(r))
	}
	return dst
}
