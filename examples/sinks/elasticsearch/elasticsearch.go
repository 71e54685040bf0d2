// Package elasticsearch sends events to Elasticsearch, and to what takes its bulk requests,
// such as VictoriaLogs.
//
//	sink, err := elasticsearch.New(elasticsearch.Config{
//		URL:           "https://search.example.com:9200",
//		Authorization: event.NewSecret("ApiKey " + key),
//	})
//
// For VictoriaLogs the URL is
//
//	http://127.0.0.1:9428/insert/elasticsearch/_bulk?_time_field=@timestamp&_msg_field=message
//
// # What comes twice
//
// An event is created with an _id made of its vendor, source and ID, so that one that is
// sent again is no second document. That holds as long as it goes into the same index: a
// data stream that has rolled over since then takes it once more. VictoriaLogs knows no
// _id: there it is a second document.
//
// # What is lost
//
// Elasticsearch answers for each document. One that it refuses for good, such as for a
// field that does not fit the mapping of the index, is [event.Permanent]. All else is to
// be sent again, also after an answer that cannot be understood.
//
// See https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk.
package elasticsearch

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/ecs"
	"github.com/accesshook/accesshook/examples/sinks/internal/post"
)

// Defaults of [Config].
const (
	DefaultIndex     = "logs-accesshook-default"
	DefaultMaxBytes  = 5 << 20
	DefaultMaxEvents = 1000
	DefaultTimeout   = 30 * time.Second
)

// Config says where events are sent. Only URL is required.
type Config struct {
	// URL is the address of the server. Requests go to the path _bulk below it, with the
	// query that it has. It may end with /_bulk. It has no user or password.
	URL string
	// Authorization is the value of that header, such as "ApiKey " and the encoded key.
	// The key needs the privileges auto_configure and create_doc on the index.
	Authorization event.Secret
	// CAFile has the certificates of the authorities that are trusted, in PEM. Empty: those
	// of the system.
	CAFile string
	// Index is the data stream, the index or its alias, in lower case. Empty:
	// "logs-accesshook-default".
	Index string
	// MaxBytes and MaxEvents bound one request. A larger event is sent alone. Zero: 5 MiB
	// and 1000.
	MaxBytes, MaxEvents int
	// Timeout bounds one request with its answer. Zero: 30 seconds.
	Timeout time.Duration
	// Encode appends an event as JSON on one line. Nil: the Elastic Common Schema.
	Encode func(dst []byte, e *event.Event) ([]byte, error)
}

// A Sink sends events to Elasticsearch. It is safe for concurrent use.
type Sink struct {
	client *post.Client
	batch  post.Batch
	index  string // in JSON
	encode func([]byte, *event.Event) ([]byte, error)
}

const name = "elasticsearch"

// New returns a Sink. It sends nothing.
func New(c Config) (*Sink, error) {
	if c.MaxBytes < 0 || c.MaxEvents < 0 {
		return nil, errors.New(name + ": Config.MaxBytes or Config.MaxEvents is negative")
	}
	c.Index = cmp.Or(c.Index, DefaultIndex)
	if !isIndex(c.Index) {
		return nil, errors.New(name + ": Config.Index is no name of an index or a data stream")
	}
	client, err := post.New(post.Config{
		Name: name, URL: c.URL, Path: "/_bulk", Authorization: c.Authorization,
		CAFile: c.CAFile, Timeout: cmp.Or(c.Timeout, DefaultTimeout),
		MaxAnswer: 16 << 20,
	})
	if err != nil {
		return nil, err
	}
	index, err := json.Marshal(c.Index)
	if err != nil {
		return nil, err
	}
	s := &Sink{client: client, index: string(index), encode: c.Encode}
	if s.encode == nil {
		s.encode = ecs.Append
	}
	s.batch = post.Batch{
		MaxEvents: cmp.Or(c.MaxEvents, DefaultMaxEvents), MaxBytes: cmp.Or(c.MaxBytes, DefaultMaxBytes),
		Encode: s.append, Post: s.post,
	}
	return s, nil
}

// isIndex reports whether Elasticsearch takes a name. Otherwise it would refuse each event
// for good.
//
// See https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-indices-create.
func isIndex(s string) bool {
	return len(s) <= 255 && s != "." && s != ".." && s == strings.ToLower(s) &&
		!strings.ContainsAny(s, "\\/*?\"<>| ,#:") && !strings.ContainsAny(s[:1], "-_+")
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

// append appends the two lines of an event.
func (s *Sink) append(dst []byte, e *event.Event) ([]byte, error) {
	dst = append(dst, `{"create":{"_index":`+s.index+`,"_id":"`+documentID(e)+"\"}}\n"...)
	dst, err := s.encode(dst, e)
	return append(dst, '\n'), err
}

// documentID returns the ID of an event as Elasticsearch takes it: it limits the length and
// knows no source.
func documentID(e *event.Event) string {
	sum := sha256.Sum256([]byte(e.Vendor + "\x00" + e.Source + "\x00" + e.ID))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

var header = http.Header{"Content-Type": {"application/x-ndjson"}}

// post sends documents and returns an error for each, or one for all.
func (s *Sink) post(ctx context.Context, documents [][]byte) ([]error, error) {
	a, err := s.client.Post(ctx, header, slices.Concat(documents...))
	if err == nil {
		err = cmp.Or(s.client.Check(a), a.Err)
	}
	if err != nil {
		return nil, err
	}
	var answer struct {
		Errors *bool  `json:"errors"`
		Items  []item `json:"items"`
	}
	if json.Unmarshal(a.Body, &answer) != nil || answer.Errors == nil {
		return nil, s.client.Unexpected()
	}
	if answer.Items == nil && !*answer.Errors {
		return nil, nil // some servers name documents only if there are errors
	}
	if len(answer.Items) != len(documents) {
		return nil, s.client.Unexpected()
	}
	each := make([]error, len(documents))
	for i := range each {
		each[i] = s.check(&answer.Items[i].Create, documents[i], a.RetryAfter())
	}
	return each, nil
}

// An item is the answer for one document.
type item struct {
	Create result `json:"create"`
}

type result struct {
	Status int `json:"status"`
	Error  struct {
		Type   string `json:"type"`
		Reason string `json:"reason"`
	} `json:"error"`
}

// check returns what the answer for one document means.
func (s *Sink) check(r *result, document []byte, retryAfter time.Duration) error {
	switch r.Status {
	case 0:
		return s.client.Unexpected()
	case http.StatusConflict: // it came earlier
		return nil
	}
	return s.client.CheckStatus(r.Status, retryAfter, r.describe(document))
}

var (
	kinds  = regexp.MustCompile(`^[a-z_]{1,60}_exception$`)
	fields = regexp.MustCompile(`field(?: name)? \[([\w.@-]{1,100})\]`)
)

// describe returns what may be shown of an error: its type, and the field that it is about.
// The reason itself may quote the value of the field.
func (r *result) describe(document []byte) string {
	var parts []string
	if kinds.MatchString(r.Error.Type) {
		parts = append(parts, r.Error.Type)
	}
	if match := fields.FindStringSubmatch(r.Error.Reason); match != nil && hasNames(document, match[1]) {
		parts = append(parts, "field "+match[1])
	}
	return strings.Join(parts, ", ")
}

// hasNames reports whether a document has the names of a path.
func hasNames(document []byte, path string) bool {
	for name := range strings.SplitSeq(path, ".") {
		if !bytes.Contains(document, []byte(`"`+name+`":`)) {
			return false
		}
	}
	return true
}
