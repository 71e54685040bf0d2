//go:build unix

package siemtest

import (
	"cmp"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
)

// A fact is what a record must tell of an event.
type fact struct {
	ID, User, Address, Outcome string
	Time                       string // UTC, in milliseconds
}

// A way is how events come into the store.
type way struct {
	name  string
	flags func(*victoriaLogs) []string // of the gateway
	read  func(record) fact
	user  func(event.User) string // whom a record is about
}

var elasticsearch = &way{
	"elasticsearch",
	func(v *victoriaLogs) []string {
		return []string{"-elasticsearch", v.insert("/insert/elasticsearch", "elasticsearch", "_time_field", "@timestamp", "_msg_field", "message")}
	},
	ecsFact(""), ecsUser,
}

var syslog = &way{
	"syslog",
	func(v *victoriaLogs) []string { return []string{"-syslog", "tcp://" + v.syslog} },
	func(r record) fact {
		const key = "cef.extension."
		return fact{
			cmp.Or(r[key+"accesshookEventId"], r[key+"externalId"]), // which is short
			cmp.Or(r[key+"suser"], r[key+"duser"]),                  // an event about an account has the latter
			r[key+"src"],
			cmp.Or(r[key+"outcome"], event.OutcomeUnknown.String()),
			millis(r["_time"]),
		}
	},
	func(u event.User) string { return cmp.Or(u.Name, u.Email, u.FullName, u.ID, u.Phone) },
}

// ways are all that the gateway sends by.
var ways = []*way{
	elasticsearch,
	{
		"hec",
		func(v *victoriaLogs) []string {
			return []string{"-hec", v.insert("", "hec", "_msg_field", "event.message"), "-hec-format", "ecs"}
		},
		ecsFact("event."), ecsUser, // what HEC calls the event itself
	},
	{
		"otlp",
		func(v *victoriaLogs) []string {
			return []string{"-otlp", v.insert("/insert/opentelemetry", "otlp")}
		},
		func(r record) fact {
			return fact{r["accesshook.id"], r["user.name"] + r["user.id"], r["client.address"], r["accesshook.outcome"], millis(r["_time"])}
		},
		func(u event.User) string { return u.Name + u.ID },
	},
	syslog,
}

// ecsFact reads a document of the Elastic Common Schema below a prefix.
func ecsFact(prefix string) func(record) fact {
	return func(r record) fact {
		return fact{
			r[prefix+"event.id"], r[prefix+"user.name"], r[prefix+"source.ip"], r[prefix+"event.outcome"], millis(r["_time"]),
		}
	}
}

func ecsUser(u event.User) string { return cmp.Or(u.Name, u.Email, u.ID) }

// millis returns a time of the store in UTC without what is below milliseconds.
func millis(text string) string {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return text
	}
	return t.UTC().Truncate(time.Millisecond).Format(time.RFC3339Nano)
}

// want returns what the records of events must tell.
func (w *way) want(events []*event.Event) (facts []fact) {
	for _, e := range events {
		address := ""
		if e.Client.Address.IsValid() {
			address = e.Client.Address.String()
		}
		facts = append(facts, fact{e.ID, w.user(e.User), address, e.Outcome.String(), millis(e.Time.Format(time.RFC3339Nano))})
	}
	return facts
}

// inAnyOrder compares facts. What is there twice is not what is there once.
var inAnyOrder = cmpopts.SortSlices(func(a, b fact) bool { return strings.Compare(a.ID, b.ID) < 0 })

// requireTaken waits until the gateway has sent n events this way. With syslog, which has
// no answers, the store may not have read all of them then.
func (w *way) requireTaken(g *gatewaytest.Process, n int) {
	g.T.Helper()
	g.RequireMetrics(g.URL, map[string]float64{`accesshook_sink_events_total{result="taken",sink="` + w.name + `"}`: float64(n)})
}

// requireStored waits until the store has as many records as there are events. They must
// be about these events, each about another one.
func (w *way) requireStored(t *testing.T, v *victoriaLogs, events []*event.Event) {
	t.Helper()
	var got []fact
	require.Eventually(t, func() bool {
		got = nil
		for _, r := range v.query(wayField + ":=" + w.name) {
			got = append(got, w.read(r))
		}
		return len(got) >= len(events)
	}, gatewaytest.Patience, 50*time.Millisecond, "%s: records in the store", w.name)
	if assert.Empty(t, gocmp.Diff(w.want(events), got, inAnyOrder), w.name) {
		t.Logf("%s: %d events, %d records, none missing, none twice", w.name, len(events), len(got))
	}
}
