// Package explain says why a captured request of a vendor would be accepted or refused,
// and if its credential does not match, which usual mistake would be the reason.
//
// No text of a [Report] holds a secret, a signature that would be right, a credential of
// the request, or how much of one is right. Of a UserLock ID it has the first eight digits.
package explain

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/examples/internal/capture"
	"github.com/accesshook/accesshook/examples/internal/vendors"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"
	"github.com/accesshook/accesshook/verify"
)

// A Report is why a request would be accepted or refused.
type Report struct {
	Vendor   string `json:"vendor"`
	Accepted bool   `json:"accepted"`
	// Answered is the status with which the request was answered when it came, if it is of
	// a recording that lacks what is needed to check it. It is not Accepted then.
	Answered int `json:"answered,omitempty"`
	// Notes are about the capture, and what cannot be told.
	Notes []string `json:"notes,omitempty"`
	// Steps are what an endpoint looks at, in its order. If the request would be
	// accepted, all of them are OK, and else not all.
	Steps []Step `json:"steps"`
	// Cause is why the request was refused, if that is known, and Advice what to do.
	Cause  string `json:"cause,omitempty"`
	Advice string `json:"advice,omitempty"`
	// Recorded is what a recording says was found out when the request came.
	Recorded []string `json:"recorded,omitempty"`
	// Fields are those of a UserLock notification, and Aliases what may become
	// userlock.Config.Aliases, as Go source.
	Fields  []Field `json:"fields,omitempty"`
	Aliases string  `json:"aliases,omitempty"`
}

// A Step is one thing that was looked at.
type Step struct {
	OK   bool   `json:"ok"`
	Text string `json:"text"`
}

// Budgets, in bytes that are hashed or written while the cause is looked for.
const (
	// fullBudget takes a second or two. It is enough for each single mistake in 1 MiB.
	fullBudget = 256 << 20
	// quickBudget takes some milliseconds.
	quickBudget = 1 << 20
)

// Explain says why q would be accepted by an endpoint of the vendor with its credentials,
// or refused. Those of other vendors are recognised in the wrong place. Credentials are by
// the name of the vendor. Explain takes up to some seconds.
func Explain(v vendors.Vendor, q *capture.Request, credentials map[string]envsecret.Values) Report {
	return explain(v, q, credentials, fullBudget)
}

// Quick is Explain, and looks for a cause for some milliseconds only: where anybody may
// send requests to be explained.
func Quick(v vendors.Vendor, q *capture.Request, credentials map[string]envsecret.Values) Report {
	return explain(v, q, credentials, quickBudget)
}

// An explainer explains one request.
type explainer struct {
	Report
	vendor      vendors.Vendor
	q           *capture.Request
	credentials envsecret.Values
	others      []other
	hidden      hidden
	budget      int64
	verdict     verdict
}

// other are the credentials of another vendor.
type other struct {
	vendor vendors.Vendor
	envsecret.Values
}

// A verdict is what an endpoint says.
type verdict struct {
	endpoint   *verify.Endpoint // nil: its credentials cannot be used
	status     int
	err        error
	event      *event.Event // nil if the request is refused, but not for a body that cannot be decoded
	credential string       // that matches, such as "secret 2", whatever the rest of the request is
	refusal    error        // nil if one matches
}

func (v verdict) verified() bool { return v.credential != "" }

func explain(v vendors.Vendor, q *capture.Request, credentials map[string]envsecret.Values, budget int64) Report {
	x := &explainer{vendor: v, q: q, credentials: credentials[v.Name], budget: budget}
	for _, o := range vendors.All {
		if values, ok := credentials[o.Name]; ok && o.Name != v.Name {
			x.others = append(x.others, other{o, values})
		}
	}
	x.hidden = secretsOf(v, q, credentials)
	x.Vendor = v.Name
	x.Notes = append(x.Notes, q.Oddities...)
	for _, note := range q.Notes {
		x.Recorded = append(x.Recorded, x.shown(note, 500))
	}
	x.ask()
	x.Accepted = x.verdict.status == http.StatusOK
	x.lookAtHead()
	switch v.Name {
	case relock.Vendor:
		x.signed(relock.SignatureHeader)
	case loginradius.Vendor:
		x.signed(loginradius.SignatureHeader)
	case unloc.Vendor:
		x.basic()
	case userlock.Vendor:
		x.bodyID()
	}
	x.decode()
	if v.Name == userlock.Vendor {
		x.fields()
	}
	x.agree()
	return x.Report
}

// ask asks an endpoint.
func (x *explainer) ask() {
	if len(x.credentials.Secrets)+len(x.credentials.Credentials) == 0 {
		x.verdict.err = errNone
		return
	}
	p, err := x.vendor.New(x.credentials, verify.Config{
		Logger:  slog.New(slog.DiscardHandler),
		Observe: func(_ context.Context, o verify.Observation) { x.verdict.err = o.Err },
	})
	v, err2 := x.vendor.Verifier(x.credentials)
	if err = cmp.Or(err, err2); err != nil {
		x.verdict.err = err
		return
	}
	x.verdict.endpoint = p
	r := &http.Request{Method: cmp.Or(x.q.Method, http.MethodPost), URL: new(url.URL), Header: x.q.Header.Clone()}
	x.verdict.status, _, _ = p.Process(context.Background(), r, x.q.Body, event.HandlerFunc(func(_ context.Context, e *event.Event) error {
		x.verdict.event = e
		return nil
	}))
	x.verdict.credential, x.verdict.refusal = v.Verify(r, x.q.Body)
}

var errNone = errors.New("none is given")

func (x *explainer) step(ok bool, format string, args ...any) bool {
	x.Steps = append(x.Steps, Step{ok, fmt.Sprintf(format, args...)})
	return ok
}

func (x *explainer) note(format string, args ...any) {
	x.Notes = append(x.Notes, fmt.Sprintf(format, args...))
}

// blame sets the cause, unless one is known.
func (x *explainer) blame(cause, advice string) {
	if x.Cause == "" {
		x.Cause, x.Advice = cause, advice
	}
}

// lookAtHead looks at what no credential is needed for.
func (x *explainer) lookAtHead() {
	switch x.q.Method {
	case http.MethodPost:
		x.step(true, "The method is POST.")
	case "":
		x.note("The method is not known. It is taken for POST.")
	default:
		x.step(false, "The method is %s, and must be POST (405).", x.shown(x.q.Method, 16))
		x.blame("The request has the method "+x.shown(x.q.Method, 16)+".",
			"Look for a redirect between the sender and the receiver: after 301, 302 and 303 clients send GET. Register the URL that it leads to.")
	}
	for _, line := range x.q.Header["Content-Encoding"] {
		for coding := range strings.SplitSeq(line, ",") {
			if coding = strings.Trim(coding, " \t"); coding != "" && !strings.EqualFold(coding, "identity") {
				x.step(false, "The body has the content encoding %s, which no vendor uses (415).", x.shown(coding, 40))
				x.blame("The body is compressed.", "Something between the sender and the receiver has compressed it. Turn that off there.")
				return
			}
		}
	}
	x.step(true, "The body has no content encoding.")
}

// size looks at the size of the body.
func (x *explainer) size() {
	n := int64(len(x.q.Body))
	if x.step(n <= x.vendor.MaxBody, "The body has %d bytes, and at most %d are taken (413).", n, x.vendor.MaxBody) {
		x.Steps[len(x.Steps)-1].Text = fmt.Sprintf("The body has %d bytes, of %d that are taken.", n, x.vendor.MaxBody)
	} else {
		x.blame("The body is too large.", "Set MaxBody of the endpoint, if the vendor sends such bodies.")
	}
}

// configured says whether the credentials can be used. what is what they are called.
func (x *explainer) configured(what string) bool {
	switch {
	case x.verdict.err == errNone:
		return x.step(false, "There is no %s to check the request with: give -secret-file, or set %s.", what, x.vendor.Variable.Name)
	case x.verdict.endpoint == nil:
		return x.step(false, "A receiver does not start with these credentials: %v.", x.verdict.err)
	}
	return true
}

// masked says whether a recording has left out what the credential is checked by, such as
// "body".
func (x *explainer) masked(by ...string) bool {
	if x.verdict.verified() {
		return false
	}
	var what []string
	for _, m := range x.q.Header[http.CanonicalHeaderKey(capture.MaskedField)] {
		if slices.ContainsFunc(by, func(b string) bool { return strings.Contains(m, b) }) {
			what = append(what, x.shown(m, 100))
		}
	}
	if len(what) == 0 {
		return false
	}
	x.Answered, _ = strconv.Atoi(x.q.Header.Get(capture.StatusField))
	x.step(false, "The credential cannot be checked any more: the recording has masked %s.", strings.Join(what, ", and "))
	x.blame("", "See what was found out when the request came. To check another request, capture it with nc or in a proxy.")
	return true
}

// decode says which event the body is.
func (x *explainer) decode() {
	e := x.verdict.event
	if e == nil {
		var err error
		if x.verdict.endpoint != nil {
			e, err = x.verdict.endpoint.Decode(x.q.Body)
		} else {
			e, err = x.vendor.Decode(x.q.Body)
		}
		if err != nil {
			x.step(false, "The body cannot be decoded (400): %v.", err)
			return
		}
	} else if x.verdict.status != http.StatusOK {
		x.step(false, "The body cannot be decoded (400): %v.", x.verdict.err)
		x.blame("The body is not a JSON object.", "Set the format of the body to JSON at the vendor. A body that was verified is kept as an event of the type unknown.")
		return
	}
	name := x.shown(e.VendorType, 64)
	when := "without a time"
	if at := e.Time; !at.IsZero() && !at.Equal(e.Received) {
		when = "of " + at.UTC().Format(time.RFC3339) + x.age(at)
	}
	x.step(true, "The body decodes as the event %s (%q), %s, with the ID %s.", e.Type, name, when, x.shown(e.ID, 100))
	if e.Type == event.Unknown {
		x.note("The event %q is not known. It has the type unknown, which callbacks for other types do not get.", name)
	}
	for _, w := range e.Warnings {
		x.step(true, "Warning: %s: want %s, got %s.", x.shown(cmp.Or(w.Path, "the body"), 200), x.shown(w.Want, 100), x.shown(w.Got, 100))
	}
}

// age says how long before the request its event was, or before now.
func (x *explainer) age(at time.Time) string {
	now, than := time.Now(), "now"
	if recorded, err := time.Parse(time.RFC3339, x.q.Header.Get(capture.RecordedField)); err == nil {
		now, than = recorded, "the request"
	}
	d := now.Sub(at).Round(time.Second)
	if d < 0 {
		return fmt.Sprintf(" (%v after %s)", -d, than)
	}
	return fmt.Sprintf(" (%v before %s)", d, than)
}

// agree makes sure that no report contradicts the endpoint: that would be a fault of this
// package.
func (x *explainer) agree() {
	ok := true
	for _, s := range x.Steps {
		ok = ok && s.OK
	}
	switch {
	case x.Accepted && !ok:
		for i := range x.Steps {
			x.Steps[i].OK = true
		}
		x.note("%s", disagreement)
	case !x.Accepted && ok:
		x.step(false, "An endpoint refuses the request: %v.", x.verdict.err)
		x.note("%s", disagreement)
	}
}

const disagreement = "The steps do not say what an endpoint says, which counts. Please report this."
