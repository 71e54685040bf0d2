package verifytest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

// A Vendor is what [Run] needs to know of a vendor package. A field is required unless
// it says otherwise.
type Vendor struct {
	// New makes an endpoint that accepts any of the credentials.
	New func(credentials []event.Secret, c verify.Config) (*verify.Endpoint, error)
	// NewVerifier makes a verifier that accepts any of the credentials.
	NewVerifier func(credentials ...event.Secret) (verify.Verifier, error)
	// NewRequest makes a request as the vendor sends it, with body as it is. Optional
	// if there is a NewRequestAt.
	NewRequest func(ctx context.Context, url, credential string, body []byte) (*http.Request, error)
	// Decode is the package's Decode function, as cloudevent.Payloads takes it. It
	// knows no headers.
	Decode func(body []byte) (*event.Event, error)

	// Credentials are valid and different. The endpoint accepts the first two;
	// the third is a stranger's.
	Credentials [3]string
	// Header is the request header that holds the credential; "" if the body
	// does. In bodies, Placeholder then stands for the credential.
	Header string
	// Separator separates the parts of Header if it is a list, such as the comma in
	// "t=1700000000,v1=…,v0=…". The endpoint may ignore parts that it has no use for.
	// Optional.
	Separator string
	// Hex says that what is in Header is hexadecimal and may be of either case.
	Hex bool

	// Signed says that the credential covers the whole body.
	Signed bool
	// SignedHeaders are the other headers that the credential covers, such as those of
	// an ID and a timestamp. If NewRequest makes another ID each time, Event.ID must be
	// that ID as it is. Optional.
	SignedHeaders []string
	// Window is how far a signed timestamp may be from now, in the past and in the
	// future: 10 seconds or more. Zero: no timestamp is signed, and a recorded request
	// verifies forever.
	Window time.Duration
	// NewRequestAt is NewRequest with the timestamp to sign, in seconds since 1970.
	// Convert it if the vendor writes times in another form, and sign what is no number
	// as it is. Required with Window.
	NewRequestAt func(ctx context.Context, url, credential, timestamp string, body []byte) (*http.Request, error)

	// OwnIDs says that the vendor sends IDs of its own, so that bodies that differ
	// elsewhere may be one event. Otherwise any other byte makes another event.
	OwnIDs bool
	// Payloads are bodies as the vendor sends them, by name, one for each kind of
	// event at least.
	Payloads map[string][]byte
	// Headers are headers that the event depends on and nothing signs, such as
	// {"X-GitHub-Event": {"push"}}, by the names of Payloads. They are added to the
	// requests. Optional.
	//
	// Whoever records a request can send it again with others. If the ID of the event is
	// in one of them, OwnIDs must say so: such a replay is then no duplicate for Dedupe.
	// Leave Event.ID empty to have the hash of the body instead.
	Headers map[string]http.Header
	// Unknown is a body whose event is new to the package, and UnknownHeader the
	// Headers of it.
	Unknown       []byte
	UnknownHeader http.Header
	// Canaries are texts in Payloads that must not leave in any encoding, log or
	// answer. Optional.
	Canaries []string
}

// Placeholder stands for the credential in the bodies of a vendor that sends it
// there.
const Placeholder = "{{credential}}"

// complete checks that v can be checked.
func (v Vendor) complete() error {
	var fault string
	switch {
	case v.New == nil, v.NewVerifier == nil, v.NewRequest == nil && v.NewRequestAt == nil, v.Decode == nil:
		fault = "New, NewVerifier, NewRequest and Decode are required"
	case len(v.Payloads) == 0 || len(v.Unknown) == 0:
		fault = "Payloads and Unknown are required"
	case v.Credentials[0] == v.Credentials[1] || v.Credentials[1] == v.Credentials[2] || v.Credentials[0] == v.Credentials[2]:
		fault = "Credentials must differ"
	case v.Header == "" && (v.Hex || v.Signed || v.Separator != ""):
		fault = "Hex, Signed and Separator need a Header"
	case !v.Signed && (len(v.SignedHeaders) > 0 || v.Window != 0):
		fault = "SignedHeaders and Window need Signed"
	case (v.Window != 0) != (v.NewRequestAt != nil):
		fault = "Window and NewRequestAt need each other"
	case v.Window != 0 && v.Window < 10*time.Second:
		fault = "Window is less than 10 seconds"
	}
	if fault != "" {
		return errors.New("verifytest: " + fault)
	}
	for name := range v.Headers {
		if v.Payloads[name] == nil {
			return fmt.Errorf("verifytest: Headers has %q, and Payloads has not", name)
		}
	}
	for name := range v.unsigned() {
		if v.signs(name) {
			return fmt.Errorf("verifytest: %s is in Headers, and in SignedHeaders or Header", name)
		}
	}
	return nil
}

// signs reports whether v says that a header cannot be changed.
func (v Vendor) signs(header string) bool {
	same := func(name string) bool { return http.CanonicalHeaderKey(name) == http.CanonicalHeaderKey(header) }
	return same(v.Header) || slices.ContainsFunc(v.SignedHeaders, same)
}

// A payload is a body and the headers that come with it.
type payload struct {
	name   string
	header http.Header
	body   []byte // with Placeholder
}

// payloads returns the Payloads, always in the same order.
func (v Vendor) payloads() []payload {
	var all []payload
	for _, name := range slices.Sorted(maps.Keys(v.Payloads)) {
		all = append(all, payload{name, v.Headers[name], v.Payloads[name]})
	}
	return all
}

// any returns one of the Payloads, always the same.
func (v Vendor) any() payload { return v.payloads()[0] }

func (v Vendor) unknown() payload { return payload{"unknown", v.UnknownHeader, v.Unknown} }

// unsigned returns the names of all Headers.
func (v Vendor) unsigned() map[string]bool {
	names := make(map[string]bool)
	for _, p := range append(v.payloads(), v.unknown()) {
		for name := range p.header {
			names[http.CanonicalHeaderKey(name)] = true
		}
	}
	return names
}

func (v Vendor) fill(body []byte, credential string) []byte {
	return bytes.ReplaceAll(body, []byte(Placeholder), []byte(credential))
}

// request makes a genuine request for a body as it is.
func (v Vendor) request(url, credential string, header http.Header, body []byte) (*http.Request, error) {
	if v.NewRequest == nil {
		return v.requestAt(seconds(time.Now()), url, credential, header, body)
	}
	r, err := v.NewRequest(context.Background(), url, credential, body)
	return with(header, r, err)
}

// requestAt is request with a signed timestamp, if the vendor signs one.
func (v Vendor) requestAt(timestamp, url, credential string, header http.Header, body []byte) (*http.Request, error) {
	if v.NewRequestAt == nil {
		return v.request(url, credential, header, body)
	}
	r, err := v.NewRequestAt(context.Background(), url, credential, timestamp, body)
	return with(header, r, err)
}

// with adds headers to a request that has been made.
func with(header http.Header, r *http.Request, err error) (*http.Request, error) {
	if err != nil {
		return nil, fmt.Errorf("making a request: %w", err)
	}
	for name, values := range header {
		r.Header[http.CanonicalHeaderKey(name)] = values
	}
	return r, nil
}

// seconds writes a time as NewRequestAt takes it.
func seconds(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
