package ocsf

import (
	"fmt"
	"strings"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/jsonappend"
	"github.com/accesshook/accesshook/internal/product"
	"github.com/accesshook/accesshook/internal/sentence"
)

// Version is the version of OCSF that [Append] writes.
const Version = "1.8.0"

// Append appends e to dst as one OCSF event, on one line and without a newline. It fails
// if e has no ID or no Vendor, or a time outside the years 0 to 9999. On an error it
// returns dst as it was. It is safe for concurrent use.
func Append(dst []byte, e *event.Event) ([]byte, error) {
	if err := product.Check("ocsf", e); err != nil {
		return dst, err
	}
	d := document{writer: jsonappend.Begin(dst), e: e, source: sourceOf(e)}
	d.classify()
	d.metadata()
	switch d.class {
	case authentication:
		d.authentication()
	case accountChange, userAccess:
		d.account()
	case entityManagement:
		d.entity()
	case detectionFinding:
		d.finding()
	default:
		d.base()
	}
	d.observables()
	d.unmapped()
	b, err := d.End()
	if err != nil {
		return dst, fmt.Errorf("ocsf: %w", err)
	}
	return b, nil
}

type writer = jsonappend.Object

// A document is an event that is being written.
type document struct {
	writer
	e      *event.Event
	class  *class
	source source
	// Where in the document the user, the source and the target are, for observables.
	// Empty if they are nowhere.
	userPath, sourcePath, targetPath string
	has                              parts
}

// parts are the parts of an event that the class has a place for. The others are unmapped.
type parts struct{ session, device, lock, location, userAgent bool }

// classify writes what every class has, but for metadata.
func (d *document) classify() {
	e := d.e
	if a, ok := activities[e.Type]; ok {
		d.class = a.class
		d.Encoded(a.members)
	} else {
		a := activity{classOf(e.Type), other, string(e.Type)}
		d.class = a.class
		a.write(&d.writer)
	}
	severity := severities[product.Known(e.Severity, len(severities))]
	d.Int("severity_id", severity.id)
	d.Always("severity", severity.name)
	d.Int("time", happened(e).UnixMilli())
	var buf [256]byte
	d.Text("message", string(sentence.Append(buf[:0], e)))
	if d.class == detectionFinding { // whose status is that of the work on it
		d.Int("status_id", 1)
		d.Always("status", "New")
	} else {
		outcome := outcomes[product.Known(e.Outcome, len(outcomes))]
		d.Int("status_id", outcome.id)
		d.Always("status", outcome.name)
	}
	d.Text("status_detail", e.Reason)
	if n := e.Session.Duration.Milliseconds(); n > 0 {
		d.Int("duration", n)
	}
}

// happened is when e happened, or the beginning of Unix time if nobody says.
func happened(e *event.Event) time.Time {
	if at := product.Happened(e); !at.IsZero() {
		return at
	}
	return time.Unix(0, 0)
}

func (d *document) metadata() {
	e := d.e
	d.Object("metadata", func() {
		d.Always("version", Version)
		d.uid("uid")
		d.Text("event_code", e.VendorType)
		d.Text("source", e.Source)
		d.Text("type", string(e.Type))
		d.milliseconds("logged_time", e.Received)
		if d.class == base {
			d.Texts("profiles", "host")
		}
		company, name := product.Of(e.Vendor)
		d.Object("product", func() {
			d.Always("name", name)
			d.Always("vendor_name", company)
		})
	})
}

// uid writes a key that is made of the vendor, the source and the ID. The first two have
// no slash in it, so different ones never give the same key.
func (d *document) uid(name string) {
	source := d.e.Source
	if source == "" {
		source = d.e.Vendor
	}
	d.Joined(name, escaped(d.e.Vendor), "/", escaped(source), "/", d.e.ID)
}

// escaped returns s without slashes, as a part of a URL is written.
func escaped(s string) string {
	if !strings.ContainsAny(s, "/%") {
		return s
	}
	return strings.NewReplacer("%", "%25", "/", "%2F").Replace(s)
}

// milliseconds writes a time, unless it is zero.
func (d *document) milliseconds(name string, t time.Time) {
	if !t.IsZero() {
		d.Int(name, t.UnixMilli())
	}
}
