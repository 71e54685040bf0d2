// Package mask takes out of captured requests what may be a secret, so that they can be
// kept and shown.
//
// It fails closed: what is not known to be harmless is masked. It does not know which
// vendor a request is from, since an operator may have given a vendor the URL of another.
// What stays is personal data: names, addresses, doors.
package mask

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/userlock"

	"github.com/accesshook/accesshook/examples/internal/capture"
)

const redacted = "[redacted]"

// A Masker knows the credentials that no recording may have. The zero Masker knows none.
// It is safe for concurrent use.
type Masker struct {
	mu          sync.Mutex
	credentials map[string][]envsecret.Values // by owner, the newest last
	needles     *needles                      // nil: not made yet
}

// generations is how many replacements of credentials are looked for.
const generations = 8

// SetCredentials replaces the credentials of an owner, such as a vendor. The ones before
// are looked for too, since requests may still have them.
func (m *Masker) SetCredentials(owner string, v envsecret.Values) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.credentials == nil {
		m.credentials = make(map[string][]envsecret.Values)
	}
	all := append(m.credentials[owner], v)
	m.credentials[owner] = all[max(0, len(all)-generations):]
	m.needles = nil
}

func (m *Masker) find() *needles {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.needles == nil {
		m.needles = &needles{whole: make(map[string]bool)}
		for _, all := range m.credentials {
			for _, v := range all {
				m.needles.add(v)
			}
		}
	}
	return m.needles
}

// A Pass masks one request and what is said about it. It is not safe for concurrent use.
type Pass struct {
	needles *needles
	request *capture.Request
	showIDs bool
}

// Pass returns a pass for a request to the endpoint of a vendor.
func (m *Masker) Pass(vendor string, q *capture.Request) *Pass {
	return &Pass{needles: m.find().signing(q.Body), request: q, showIDs: vendor == userlock.Vendor}
}

// Request returns the request without what may be a secret, and what was masked. The target
// is path with the names of the query.
//
// A signature never stays, also not a wrong one: it may be right for another form of the
// body, or for a secret that the gateway is about to get.
func (p *Pass) Request(path string) (masked *capture.Request, what []string) {
	q := p.request
	masked = &capture.Request{Method: method(q.Method), Target: path, Proto: proto(q.Proto), Header: make(http.Header)}
	if _, query, ok := strings.Cut(q.Target, "?"); ok && query != "" {
		masked.Target += "?" + p.query(query)
		what = append(what, "the values of the query")
	}
	body, changed, why := p.body(q.Body)
	switch {
	case len(q.Body) == 0:
	case why != "":
		what = append(what, fmt.Sprintf("the body of %d bytes, which begins with %s and is no JSON: %s", len(q.Body), class(q.Body[0]), why))
	case changed > 0:
		what = append(what, fmt.Sprintf("names or values in the body, which had %d bytes: %d", len(q.Body), changed))
	}
	masked.Body = body
	fields := p.header(masked.Header)
	if len(fields) > 0 {
		what = append(what, "the header fields "+strings.Join(fields, ", "))
	}
	return masked, what
}

// query returns the names of a query.
func (p *Pass) query(query string) string {
	const most = 32
	var names []string
	for pair := range strings.SplitSeq(query, "&") {
		if len(names) == most {
			return strings.Join(append(names, "…"), "&")
		}
		name, value, hasValue := strings.Cut(pair, "=")
		unescaped, err := url.QueryUnescape(name)
		if err != nil || !hasValue { // what has no name may be a secret itself
			unescaped, value = "redacted", ""
		}
		name = url.QueryEscape(p.name(unescaped))
		if value != "" {
			name += "=" + redacted
		}
		names = append(names, name)
	}
	return strings.Join(names, "&")
}

// method returns a method, unless it is none of those that there are.
func method(method string) string {
	for _, known := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"} {
		if method == known {
			return method
		}
	}
	return "REDACTED"
}

func proto(proto string) string {
	if proto == "HTTP/1.0" || proto == "HTTP/2.0" {
		return proto
	}
	return "HTTP/1.1"
}

// open are the header fields whose values may stay, once they have been cleaned.
var open = map[string]bool{
	"Host": true, "Content-Type": true, "Content-Length": true, "Content-Encoding": true, "Transfer-Encoding": true,
	"User-Agent": true, "Accept": true, "Accept-Charset": true, "Accept-Encoding": true, "Accept-Language": true,
	"Date": true, "Connection": true, "Expect": true, "Request-Id": true, "Request-Context": true,
	"Forwarded": true, "X-Forwarded-For": true, "X-Forwarded-Host": true, "X-Forwarded-Port": true, "X-Forwarded-Proto": true, "X-Real-Ip": true,
}

// schemes are those of the Authorization header. Any other word may be a secret.
var schemes = map[string]bool{"basic": true, "bearer": true, "digest": true, "hmac": true, "negotiate": true, "ntlm": true}

// oneWord matches what is longer than words are. The names of header fields have lost their
// letter case, and do not look like base64 any more.
var oneWord = regexp.MustCompile(`[A-Za-z0-9]{20}`)

// header writes the header fields to masked, and returns the names of those whose values
// it has masked.
func (p *Pass) header(masked http.Header) (names []string) {
	for _, key := range slices.Sorted(maps.Keys(p.request.Header)) {
		name := p.name(key)
		if name != key || oneWord.MatchString(name) || strings.HasPrefix(name, "Accesshook-") {
			name = "Redacted-Name"
		}
		for _, value := range p.request.Header[key] {
			shown := p.headerValue(name, value)
			masked.Add(name, shown)
			if shown != value && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

func (p *Pass) headerValue(name, value string) string {
	switch {
	case value == "":
		return ""
	case name == "Authorization":
		if scheme, _, found := strings.Cut(value, " "); found && schemes[strings.ToLower(scheme)] {
			return scheme + " " + redacted
		}
	case open[name]:
		return p.Text(value)
	}
	return redacted
}
