package detections_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/asim"
	"github.com/accesshook/accesshook/event/ecs"
)

// A document is an encoded event.
type document struct {
	fields map[string]any
	time   time.Time
}

// values returns what the field at a path such as "event.category" has: several values if
// it is a list.
func (d document) values(path string) []string {
	var value any = d.fields
	for name := range strings.SplitSeq(path, ".") {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	switch v := value.(type) {
	case nil:
		return nil
	case string:
		return []string{v}
	case []any:
		var all []string
		for _, element := range v {
			all = append(all, fmt.Sprint(element))
		}
		return all
	default:
		return []string{fmt.Sprint(v)}
	}
}

// is reports whether a field has one of the wanted values, as queries of Elasticsearch do:
// one element of a list is enough.
func (d document) is(path string, wanted ...string) bool {
	return slices.ContainsFunc(d.values(path), func(v string) bool { return slices.Contains(wanted, v) })
}

// text returns the only value of a field, or "" if it is missing, as KQL does.
func (d document) text(path string) string { return strings.Join(d.values(path), ",") }

// where returns the documents for which ok.
func where(docs []document, ok func(document) bool) []document {
	return slices.DeleteFunc(slices.Clone(docs), func(d document) bool { return !ok(d) })
}

// by groups documents.
func by[K comparable](docs []document, key func(document) K) map[K][]document {
	groups := make(map[K][]document)
	for _, d := range docs {
		groups[key(d)] = append(groups[key(d)], d)
	}
	return groups
}

// distinct counts the values of a field. As in KQL, "" is one.
func distinct(docs []document, path string) int {
	return len(by(docs, func(d document) string { return d.text(path) }))
}

// found returns the distinct names, sorted.
func found(names map[string]bool) []string { return slices.Sorted(maps.Keys(names)) }

// An encoder makes documents of events. It leaves out what the format has no place for.
type encoder func(t *testing.T, events []*event.Event) []document

func inECS(t *testing.T, events []*event.Event) []document { return encode(t, events, ecs.Append) }

func inASIM(t *testing.T, events []*event.Event) []document {
	logons := slices.DeleteFunc(slices.Clone(events), func(e *event.Event) bool { return !asim.Has(e.Type) })
	return encode(t, logons, asim.Append)
}

func encode(t *testing.T, events []*event.Event, appendTo func([]byte, *event.Event) ([]byte, error)) (docs []document) {
	t.Helper()
	for _, e := range events {
		line, err := appendTo(nil, e)
		require.NoError(t, err)
		var d document
		require.NoError(t, json.Unmarshal(line, &d.fields))
		d.time, err = time.Parse(time.RFC3339Nano, cmp.Or(d.text("@timestamp"), d.text("TimeGenerated")))
		require.NoError(t, err)
		docs = append(docs, d)
	}
	return docs
}
