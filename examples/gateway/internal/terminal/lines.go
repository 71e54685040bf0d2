package terminal

import (
	"time"

	"github.com/accesshook/accesshook/event"
)

// Lines writes events as lines of columns:
//
//	14:03:22 userlock    logon refused     EXAMPLE\ada  DESK-21  192.0.2.21 NO  FAILED wrong password
//
// They are the local time, or the day if the event is much older than its request; the
// vendor; what happened; who; where or on what; from which address and country; and the
// outcome with its reason: "ok", "FAILED", "ALERT", or "-" if it is unknown. A column
// has the same place in all lines of one width. Narrow lines have fewer columns.
//
// A line contains nothing of the payload or the body.
type Lines struct {
	// Width is how many columns the terminal has. A line takes at most one less: some
	// terminals begin a new line after the last column.
	Width int
	Color bool
	Zone  *time.Location // nil is UTC
}

// Append appends a line for e. It ends with the line's only newline.
func (l Lines) Append(dst []byte, e *event.Event) []byte {
	r := &row{b: dst, color: l.Color, left: max(l.Width-1, 0)}
	c := layoutFor(r.left)
	o := outcomeOf(e)
	color := outcomeColors[o]
	r.cell(faint, l.time(e), c.time, 1)
	r.cell(vendorColors[e.Vendor], e.Vendor, c.vendor, 1)
	r.cell(color, what(e), c.what, c.gap)
	r.cell("", who(&e.User, c.who), c.who, c.gap)
	r.cell("", where(e), c.where, c.gap)
	r.cell(faint, from(e, c.from), c.from, c.gap)
	r.cell("", place(e, c.place), c.place, c.gap)
	if color == "" {
		color = faint
	}
	r.cell(color, string(o), len(o), 1)
	if r.left > len(`\xff`) {
		r.cell(faint, e.Reason, r.left, 0)
	}
	return append(r.b, '\n')
}

// time returns the time of day, or the day for an event that is told of half a day after
// it happened, or before.
func (l Lines) time(e *event.Event) string {
	zone := l.Zone
	if zone == nil {
		zone = time.UTC
	}
	t, received := e.Time.In(zone), e.Received.In(zone)
	switch late := e.Received.Sub(e.Time).Abs(); {
	case e.Time.IsZero():
		return ""
	case e.Received.IsZero() || late < 12*time.Hour:
		return t.Format(time.TimeOnly)
	case t.Year() == received.Year():
		return t.Format("02 Jan")
	default:
		return t.Format("Jan 2006")
	}
}

// An outcome is the word for it in a line.
type outcome string

const (
	succeeded outcome = "ok"
	failed    outcome = "FAILED"
	alert     outcome = "ALERT"
	unclear   outcome = "-"
)

// outcomeOf returns alert for every event of high severity, also for one that failed.
func outcomeOf(e *event.Event) outcome {
	switch {
	case e.Type == event.SecurityAlert || e.Severity >= event.SeverityHigh:
		return alert
	case e.Outcome == event.OutcomeFailure:
		return failed
	case e.Outcome == event.OutcomeSuccess:
		return succeeded
	}
	return unclear
}

// Colours, as SGR parameters. Yellow and red are for what needs attention.
const (
	faint   = "2"
	red     = "1;31"
	yellow  = "33"
	green   = "32"
	blue    = "94"
	magenta = "35"
	cyan    = "36"
)

var (
	vendorColors  = map[string]string{"userlock": cyan, "unloc": green, "relock": magenta, "loginradius": blue}
	outcomeColors = map[outcome]string{failed: yellow, alert: red}
)
