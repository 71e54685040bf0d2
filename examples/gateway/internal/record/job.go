package record

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accesshook/accesshook/envsecret"
	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/userlock"
	"github.com/accesshook/accesshook/verify"

	"github.com/accesshook/accesshook/examples/gateway/internal/mask"
	"github.com/accesshook/accesshook/examples/internal/capture"
	"github.com/accesshook/accesshook/examples/internal/explain"
	"github.com/accesshook/accesshook/examples/internal/vendors"
)

// A job is a request that is to be written.
type job struct {
	kind     kind
	vendor   string
	at       time.Time
	status   int
	err      error
	genuine  bool // there is an event
	warnings []event.Warning
	request  *capture.Request
	whole    bool // the body was read to its end
	long     bool // the body is missing
	reserved int64
}

func (x *exchange) job(k kind, o verify.Observation) *job {
	r := x.request
	q := &capture.Request{Method: r.Method, Target: r.RequestURI, Proto: r.Proto, Header: r.Header.Clone(), Body: x.body}
	q.Header.Set("Host", r.Host)
	if len(r.TransferEncoding) > 0 {
		q.Header.Set("Transfer-Encoding", strings.Join(r.TransferEncoding, ", "))
	}
	return &job{
		kind: k, vendor: o.Vendor, at: o.Received.Round(0).UTC(), status: o.Status, err: o.Err, genuine: o.Event != nil,
		warnings: o.Warnings, request: q, whole: x.whole, long: x.long, reserved: x.reserved,
	}
}

// content returns the recording: the request, masked, with what is known of it in front.
// Credentials are by vendor.
func (j *job) content(m *mask.Masker, credentials map[string]envsecret.Values) ([]byte, error) {
	v, _ := vendors.Named(j.vendor)
	p := m.Pass(j.vendor, j.request)
	q, masked := p.Request(v.Path())
	var facts []string // names
	add := func(name, value string) {
		facts = append(facts, name)
		q.Header.Add(name, value)
	}
	add(capture.RecordedField, j.at.Format(time.RFC3339Nano))
	add(capture.StatusField, strconv.Itoa(j.status))
	if j.err != nil {
		add(capture.ErrorField, p.Text(j.errorText()))
	}
	for _, w := range j.warnings {
		add(capture.WarningField, fmt.Sprintf("%s want %s, got %s", p.Pointer(w.Path), p.Text(w.Want), p.Text(w.Got)))
	}
	for _, what := range append(masked, j.left(len(q.Body))...) {
		add(capture.MaskedField, what)
	}
	for _, finding := range j.findings(v, q.Method, credentials) {
		q.Notes = append(q.Notes, p.Finding(finding))
	}
	q.Names = facts
	var b bytes.Buffer
	err := q.Write(&b)
	return b.Bytes(), err
}

// findings says what can be found out about the request now, and not any more once its
// body and its credential are masked.
func (j *job) findings(v vendors.Vendor, method string, credentials map[string]envsecret.Values) (all []string) {
	q := *j.request
	q.Method, q.Header = method, q.Header.Clone()
	maps.DeleteFunc(q.Header, func(name string, _ []string) bool { return strings.HasPrefix(name, "Accesshook-") })
	q.Names = slices.Sorted(maps.Keys(q.Header))
	q.Header.Set(capture.RecordedField, j.at.Format(time.RFC3339Nano))
	whole := j.whole && !j.long
	if !whole {
		q.Header.Set(capture.MaskedField, "the body, which was not read")
	}
	report := explain.Quick(v, &q, credentials)
	for _, step := range report.Steps {
		mark := "OK: "
		if !step.OK {
			mark = "Not OK: "
		}
		aboutBody := strings.HasPrefix(step.Text, "The body") || strings.HasPrefix(step.Text, "The credential cannot")
		if (whole || !aboutBody) && !strings.HasPrefix(step.Text, "Warning: ") { // it has a field of its own
			all = append(all, mark+step.Text)
		}
	}
	if report.Cause != "" {
		all = append(all, "Cause: "+report.Cause)
	}
	if report.Advice != "" && report.Cause != "" {
		all = append(all, "What to do: "+report.Advice)
	}
	all = append(all, report.Notes...)
	for _, f := range report.Fields {
		taken := f.Taken
		if taken == "" {
			taken = "nothing. " + f.Why
		}
		all = append(all, fmt.Sprintf("The field %q (%s) is taken for %s", f.Name, f.Value, taken))
	}
	return all
}

var (
	quoted  = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	members = regexp.MustCompile(` \(members: .*`)
)

// errorText says why a request was refused, without what its sender has written.
func (j *job) errorText() string {
	_, panicked := errors.AsType[*event.PanicError](j.err)
	switch {
	case panicked:
		return "it panicked"
	case errors.Is(j.err, verify.ErrMalformed):
		return verify.ErrMalformed.Error() // the rest may be of a callback
	case j.genuine:
		return "the event could not be handled"
	}
	return quoted.ReplaceAllString(members.ReplaceAllString(j.err.Error(), ""), `"…"`)
}

// left says what else of the request the recording lacks, of whose body it has so many
// bytes.
func (j *job) left(kept int) (what []string) {
	length := j.request.Header.Get("Content-Length")
	switch {
	case j.long:
		what = append(what, fmt.Sprintf("the body, which is longer than %d bytes", maxBody))
	case len(j.request.Body) == 0 && length != "" && length != "0":
		what = append(what, "the body, which was not read")
	}
	if j.request.Header.Get("Transfer-Encoding") != "" {
		what = append(what, "the header field Transfer-Encoding, which was chunked")
	}
	if n, err := strconv.ParseInt(length, 10, 64); err == nil && n != int64(kept) {
		what = append(what, fmt.Sprintf("the header field Content-Length, which was %d", n))
	}
	return what
}

// maxNames is how many sets of names are recorded in the life of a gateway.
const maxNames = 64

// extraNames returns the names of an event of UserLock that no field is for, or "".
func extraNames(j *job) string {
	e, err := userlock.Decode(j.request.Body)
	if err != nil {
		return ""
	}
	n, ok := e.Payload.(*userlock.Notification)
	if !ok {
		return ""
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(n.Extra)) {
		names = append(names, strconv.Quote(name))
	}
	return strings.Join(names, ",")
}
