// Package hec sends events to Splunk's HTTP Event Collector, and to what takes its
// requests: VictoriaLogs.
//
//	sink, err := hec.New(hec.Config{
//		URL:           "https://splunk.example.com:8088",
//		Authorization: event.NewSecret("Splunk " + token),
//	})
//
// Events are sent in the Open Cybersecurity Schema Framework. Splunk's add-on OCSF-CIM
// knows them by the source type, which begins with ocsf:, and maps them to the Common
// Information Model. Select "ocsf:accesshook" in its settings.
//
// # What comes twice
//
// The collector knows no IDs. An event that is sent again because an answer or an
// acknowledgement did not come is there twice. Search for it with dedup, by metadata.uid.
//
// # What is lost
//
// Without indexer acknowledgement an event is taken when the collector has answered. If
// Splunk stops before it has written what it holds in memory, that is lost. Turn on
// acknowledgement for the token: then an event is taken when the indexers say so. Behind a
// load balancer that needs sticky sessions.
//
// An event that the collector refuses for its form is [event.Permanent]. All else is to be
// sent again.
//
// See https://help.splunk.com/en/splunk-enterprise/get-data-in/collect-http-event-data.
package hec

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/ocsf"
	"github.com/accesshook/accesshook/examples/sinks/internal/post"
)

// Defaults of [Config].
const (
	DefaultSourceType = "ocsf:accesshook"
	DefaultMaxBytes   = 512 << 10
	DefaultMaxEvents  = 500
	DefaultTimeout    = 30 * time.Second
	DefaultAckTimeout = 2 * time.Minute
)

// Config says where events are sent. Only URL is required.
type Config struct {
	// URL is the address of the collector. Requests go to the path
	// services/collector/event below it. It may end with /services/collector/event. It has
	// no user or password.
	URL string
	// Authorization is the value of that header: "Splunk " and the token.
	Authorization event.Secret
	// CAFile has the certificates of the authorities that are trusted, in PEM. Empty: those
	// of the system.
	CAFile string
	// Index and Host are written into each event. Empty: those of the token.
	Index, Host string
	// SourceType is written into each event. Empty: "ocsf:accesshook", or that of the token
	// if there is an Encode.
	SourceType string
	// MaxBytes and MaxEvents bound one request. A larger event is sent alone. Zero: 512 KiB
	// and 500.
	MaxBytes, MaxEvents int
	// Timeout bounds one request with its answer. Zero: 30 seconds.
	Timeout time.Duration
	// AckTimeout is how long to wait for the acknowledgement of a request. It should be
	// shorter than the Timeout of sinks.Config. Zero: 2 minutes.
	AckTimeout time.Duration
	// Encode appends an event as JSON on one line. Nil: OCSF.
	Encode func(dst []byte, e *event.Event) ([]byte, error)
}

// A Sink sends events to a collector. It is safe for concurrent use.
type Sink struct {
	client     *post.Client
	batch      post.Batch
	encode     func([]byte, *event.Event) ([]byte, error)
	fields     string // those that all events have, in JSON
	ackTimeout time.Duration
	channel    string
	header     http.Header
}

const (
	name      = "hec"
	eventPath = "/services/collector/event"
)

// New returns a Sink. It sends nothing.
func New(c Config) (*Sink, error) {
	if c.MaxBytes < 0 || c.MaxEvents < 0 {
		return nil, errors.New(name + ": Config.MaxBytes or Config.MaxEvents is negative")
	}
	if c.AckTimeout < 0 {
		return nil, errors.New(name + ": Config.AckTimeout is negative")
	}
	client, err := post.New(post.Config{
		Name: name, URL: c.URL, Path: eventPath, Authorization: c.Authorization,
		CAFile: c.CAFile, Timeout: cmp.Or(c.Timeout, DefaultTimeout),
	})
	if err != nil {
		return nil, err
	}
	s := &Sink{client: client, encode: c.Encode, ackTimeout: cmp.Or(c.AckTimeout, DefaultAckTimeout), channel: newChannel()}
	if s.encode == nil {
		s.encode = ocsf.Append
		c.SourceType = cmp.Or(c.SourceType, DefaultSourceType)
	}
	for _, field := range []struct{ name, value string }{{"index", c.Index}, {"host", c.Host}, {"sourcetype", c.SourceType}} {
		if field.value != "" {
			s.fields += `"` + field.name + `":` + quote(field.value) + ","
		}
	}
	s.header = http.Header{"Content-Type": {"application/json"}, "X-Splunk-Request-Channel": {s.channel}}
	s.batch = post.Batch{
		MaxEvents: cmp.Or(c.MaxEvents, DefaultMaxEvents), MaxBytes: cmp.Or(c.MaxBytes, DefaultMaxBytes),
		Encode: s.append, Post: s.post,
	}
	return s, nil
}

// newChannel returns a GUID. Acknowledgements are counted within a channel.
func newChannel() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// quote returns s in JSON.
func quote(s string) string {
	b, _ := json.Marshal(s) // a string never fails
	return string(b)
}

// Send sends events, several in one request.
func (s *Sink) Send(ctx context.Context, events []*event.Event) []error {
	return s.batch.Send(ctx, events)
}

// Close closes connections.
func (s *Sink) Close() error {
	s.client.Close()
	return nil
}

// append appends an event in the envelope of the collector.
func (s *Sink) append(dst []byte, e *event.Event) ([]byte, error) {
	source := "accesshook/" + e.Vendor
	if e.Source != "" && e.Source != e.Vendor {
		source += "/" + e.Source
	}
	dst = append(dst, '{')
	if at := happened(e); !at.IsZero() {
		dst = append(dst, `"time":`...)
		dst = strconv.AppendFloat(dst, float64(at.UnixMilli())/1000, 'f', 3, 64)
		dst = append(dst, ',')
	}
	dst = append(append(dst, s.fields...), `"source":`+quote(source)+`,"event":`...)
	dst, err := s.encode(dst, e)
	return append(dst, "}\n"...), err
}

func happened(e *event.Event) time.Time {
	if e.Time.IsZero() {
		return e.Received
	}
	return e.Time
}

// An answer is what the collector says in a body, whatever the status.
type answer struct {
	Code    *int   `json:"code"`
	Invalid *int   `json:"invalid-event-number"` // from 0
	AckID   *int64 `json:"ackId"`
}

// post sends documents, and waits until they are acknowledged if the collector offers it.
func (s *Sink) post(ctx context.Context, documents [][]byte) ([]error, error) {
	a, err := s.client.Post(ctx, s.header, slices.Concat(documents...))
	if err != nil {
		return nil, err
	}
	var said answer
	if a.Err != nil || json.Unmarshal(a.Body, &said) != nil {
		said = answer{}
	}
	if err := s.check(a, said); err != nil {
		return nil, err
	}
	if said.AckID != nil {
		return nil, s.waitForAck(ctx, *said.AckID)
	}
	return nil, nil
}
