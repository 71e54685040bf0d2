package app

import (
	"cmp"
	"errors"
	"log/slog"
	"os"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/asim"
	"github.com/accesshook/accesshook/event/cef"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/event/ecs"
	"github.com/accesshook/accesshook/event/ocsf"
	"github.com/accesshook/accesshook/examples/gateway/internal/terminal"
)

// encodings append an event as a line without its end, by the value of -format.
var encodings = map[string]func(dst []byte, e *event.Event) ([]byte, error){
	"cloudevents": cloudevent.Append,
	"ecs":         ecs.Append,
	"ocsf":        ocsf.Append,
	"cef":         cef.Append,
	"asim":        asim.Append,
}

// setFormat sets the form of the lines. The empty one is text on a terminal, else
// CloudEvents.
func (o *output) setFormat(format string) {
	if format == "text" || format == "" && terminal.IsTerminal(o.w) {
		o.encode = terminal.NewEncoder(o.w, os.LookupEnv).AppendEvent
		return
	}
	format = cmp.Or(format, "cloudevents")
	o.encode, o.cloudEvents = encodings[format], format == "cloudevents"
}

// leavesOut counts events that have no line, since the format has no form for them, and
// says so once.
func (o *output) leavesOut(registry prometheus.Registerer, log *slog.Logger) {
	counter := promauto.With(registry).NewCounter(prometheus.CounterOpts{
		Namespace: "accesshook", Name: "output_left_out_total",
		Help: "Events that were not written, since -format asim is for authentications alone.",
	})
	var once sync.Once
	o.leftOut = func(e *event.Event) {
		counter.Inc()
		once.Do(func() {
			log.Info("events like this are not written: -format asim is for authentications alone", "vendor", e.Vendor, "type", string(e.Type))
		})
	}
}

// line returns the line for an event, nil if the format has none.
func (o *output) line(e *event.Event) ([]byte, error) {
	line, err := o.encode(make([]byte, 0, 1024+len(e.Raw)+len(e.Raw)/4), e)
	if o.leftOut != nil && errors.Is(err, asim.ErrNotAuthentication) {
		o.leftOut(e)
		return nil, nil
	}
	return line, err
}
