package encodertest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/internal/escapetest"
	"github.com/accesshook/accesshook/internal/sentence"
)

// Common tests what every encoder promises, but for the tests that are named.
func Common(t *testing.T, a Append, without ...string) {
	tests := map[string]func(*testing.T, Append){
		"appends":     testAppends,
		"errors":      testErrors,
		"CloudEvents": testCloudEvents,
		"secrets":     Secrets,
		"characters":  testCharacters,
		"one field":   testOneField,
		"own types":   testOwnTypes,
		"no name":     testNoName,
		"concurrency": testConcurrency,
		"allocations": testAllocations,
	}
	for _, name := range without {
		delete(tests, name)
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test(t, a) })
	}
}

// encode returns the document, or false if the format has no place for e.
func encode(t testing.TB, a Append, e *event.Event) (string, bool) {
	t.Helper()
	document, err := a(nil, e)
	if refused(err) {
		return "", false
	}
	require.NoError(t, err)
	requireOneLine(t, document)
	if isObject(document) {
		JSON(t, document)
	}
	return string(document), true
}

// The document stands after what dst had, and the event is as it was.
func testAppends(t *testing.T, a Append) {
	for _, c := range Cases(t) {
		document, ok := encode(t, a, c.Event)
		if !ok {
			continue
		}
		before := show(t, c.Event)
		for _, room := range []int{0, 10, 100_000} {
			dst := append(make([]byte, 0, 6+room), "before"...)
			got, err := a(dst, c.Event)
			require.NoError(t, err)
			require.Equal(t, "before"+document, string(got), c.Name)
			require.Equal(t, "before", string(dst))
		}
		require.Equal(t, before, show(t, c.Event), c.Name)
	}
}

func show(t testing.TB, e *event.Event) string {
	t.Helper()
	payload, err := json.Marshal(e.Payload)
	require.NoError(t, err)
	c := e.Clone()
	c.Payload = nil
	type plain event.Event // without methods
	return fmt.Sprintf("%#v %s", plain(*c), payload)
}

// An error leaves dst as it was.
func testErrors(t *testing.T, a Append) {
	fails := func(name string, must bool, e *event.Event) {
		got, err := a([]byte("before"), e)
		if err != nil {
			assert.Equal(t, "before", string(got), name)
		} else {
			assert.False(t, must, name)
		}
	}
	fails("nil", true, nil)
	for _, year := range []int{-1, 10_000} {
		at := time.Date(year, 1, 2, 3, 4, 5, 0, time.UTC)
		for _, c := range Cases(t) {
			for name, test := range map[string]struct {
				change func(*event.Event)
				must   bool
			}{
				"no ID":     {func(e *event.Event) { e.ID = "" }, true},
				"no vendor": {func(e *event.Event) { e.Vendor = "" }, true},
				"time":      {func(e *event.Event) { e.Time = at }, true},
				"received":  {func(e *event.Event) { e.Received = at }, false}, // it may not be written
				"expires":   {func(e *event.Event) { e.Session.Expires = at }, false},
			} {
				e := c.Event.Clone()
				test.change(e)
				fails(name, test.must, e)
			}
		}
	}
}

func testCloudEvents(t *testing.T, a Append) {
	for _, c := range Cases(t) {
		c.Event.Session.Expires = c.Event.Session.Expires.In(time.FixedZone("", 2*60*60)) // UTC once it has passed
		line, err := cloudevent.Encode(c.Event)
		require.NoError(t, err)
		passed, err := cloudevent.Decode(line, payloads)
		require.NoError(t, err)
		want, ok := encode(t, a, c.Event)
		got, again := encode(t, a, passed)
		assert.Equal(t, ok, again, c.Name)
		assert.Equal(t, want, got, c.Name)
	}
}

// Secrets fails if a document shows a secret of LoginRadius's, the UserLock ID, or the label
// of the credential.
func Secrets(t *testing.T, a Append) {
	hex := strings.NewReplacer("-", "", "{", "", "}", "")
	for _, c := range Cases(t) {
		document, ok := encode(t, a, c.Event)
		if !ok {
			continue
		}
		assert.NotContains(t, document, canary, c.Name)
		assert.NotContains(t, document, credential, c.Name)
		assert.NotContains(t, strings.ToLower(hex.Replace(document)), strings.ToLower(hex.Replace(serverID)), c.Name)
	}
}

// Texts are strings that an event may hold in any field.
var Texts = map[string]string{
	"invisible":  escapetest.Text,
	"marks":      `a"b\c|d=e;f,g[h]i{j}k<l>&'` + "`%s{{.}}",
	"lines":      "a\r\nb\nc\rd\u2028e",
	"not UTF-8":  "a\xff\xed\xa0\x80\xc3",
	"NUL":        "\x00",
	"spaces":     "  ",
	"byte order": "\ufeffa",
	"long":       strings.Repeat("長い", 300),
	"like JSON":  `{"a":["b"]}`,
}

// Any string may be in any field: it is escaped, and read back from a CloudEvent it
// gives the same document.
func testCharacters(t *testing.T, a Append) {
	const step = 7 // the types take turns: each has one of the texts or two
	for turn, name := range slices.Sorted(maps.Keys(Texts)) {
		text := Texts[name]
		types := append(event.Types(), event.Type(text))
		for i := turn % step; i < len(types); i += step {
			typ := types[i]
			e := new(event.Event)
			escapetest.Fill(e)
			replaceStrings(reflect.ValueOf(e).Elem(), text)
			e.Type = typ
			e.Time = time.Date(2026, 5, 14, 8, 31, 7, 0, time.UTC)
			e.Client.Address = netip.MustParseAddr("fe80::1")
			if text != "" && !strings.Contains(text, "\x00") {
				e.Client.Address = e.Client.Address.WithZone(text[:min(len(text), 32)])
			}
			document, ok := encode(t, a, e)
			if !ok {
				continue
			}
			line, err := cloudevent.Encode(e)
			require.NoError(t, err)
			passed, err := cloudevent.Decode(line, nil)
			require.NoError(t, err, name)
			again, _ := encode(t, a, passed)
			require.Equal(t, document, again, "%s %s", name, typ)
		}
	}
}

func replaceStrings(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				replaceStrings(v.Field(i), text)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			replaceStrings(v.Index(i), text)
		}
	default:
	}
}

// An event may have any one field and no other.
func testOneField(t *testing.T, a Append) {
	for _, typ := range append(event.Types(), "") {
		encode(t, a, &event.Event{ID: "id-1", Vendor: "acme", Type: typ})
		for _, set := range []func(*event.Event){
			func(e *event.Event) { e.Time = time.Date(2026, 5, 14, 8, 31, 7, 0, time.FixedZone("", 2*60*60)) },
			func(e *event.Event) { e.Time = time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC) },
			func(e *event.Event) { e.Time = time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC) },
			func(e *event.Event) { e.Received = time.Date(2026, 5, 14, 8, 31, 7, 1, time.UTC) },
			func(e *event.Event) { e.Session.Expires = time.Date(2026, 5, 14, 8, 31, 7, 0, time.UTC) },
			func(e *event.Event) { e.Session.Duration = -1 },
			func(e *event.Event) { e.Session.Duration = 1<<63 - 1 },
			func(e *event.Event) { e.Client.Address = netip.MustParseAddr("::ffff:192.0.2.1") },
			func(e *event.Event) { e.Warnings = []event.Warning{{}} },
		} {
			e := &event.Event{ID: "id-1", Vendor: "acme", Type: typ}
			set(e)
			encode(t, a, e)
		}
		forEachString(reflect.TypeFor[event.Event](), nil, func(index []int) {
			e := &event.Event{ID: "id-1", Vendor: "acme", Type: typ}
			if v := reflect.ValueOf(e).Elem().FieldByIndex(index); v.String() == "" {
				v.SetString("only")
				document, ok := encode(t, a, e)
				document = strings.ReplaceAll(document, string(sentence.Append(nil, e)), "")
				if ok && e.Credential == "" {
					assert.Contains(t, document, "only", "%s %v", typ, index)
				}
			}
		})
	}
}

func forEachString(t reflect.Type, index []int, f func(index []int)) {
	for i := range t.NumField() {
		path := append(index[:len(index):len(index)], i)
		switch field := t.Field(i); {
		case field.Type.Kind() == reflect.String:
			f(path)
		case field.Type.Kind() == reflect.Struct && field.Type.PkgPath() == t.PkgPath():
			forEachString(field.Type, path, f)
		}
	}
}

// Vendors of somebody's own have types of their own.
func testOwnTypes(t *testing.T, a Append) {
	for i, c := range Cases(t) {
		if i%10 != 0 {
			continue // of some events of each vendor
		}
		for _, typ := range []event.Type{"", "acme", "door.forced", "session.", ".", "authentication.succeeded.twice"} {
			e := c.Event.Clone()
			e.Vendor, e.Type, e.Payload = "acme", typ, nil
			for _, e.Outcome = range []event.Outcome{event.OutcomeUnknown, event.OutcomeSuccess, event.OutcomeFailure} {
				encode(t, a, e)
			}
		}
	}
}

// An Outcome or a Severity that has no name is taken for unknown.
func testNoName(t *testing.T, a Append) {
	for _, c := range Cases(t) {
		e := c.Event.Clone()
		e.Outcome, e.Severity = event.OutcomeUnknown, event.SeverityUnknown
		want, _ := encode(t, a, e)
		for _, n := range []int{-1, 99} {
			e.Outcome, e.Severity = event.Outcome(n), event.Severity(n)
			got, _ := encode(t, a, e)
			assert.Equal(t, want, got, c.Name)
		}
	}
}

func testConcurrency(t *testing.T, a Append) {
	cases := Cases(t)
	var want []string
	for _, c := range cases {
		document, _ := encode(t, a, c.Event)
		want = append(want, document)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i, c := range cases {
				got, _ := a(nil, c.Event)
				assert.Equal(t, want[i], string(got), c.Name)
			}
		})
	}
	wg.Wait()
}

// maxAllocations is how many an encoder may make for an event, into a buffer that has
// room.
const maxAllocations = 1

func testAllocations(t *testing.T, a Append) {
	buffer := make([]byte, 0, 64<<10)
	for _, c := range Cases(t) {
		if _, ok := encode(t, a, c.Event); !ok {
			continue
		}
		allocations := testing.AllocsPerRun(20, func() { _, _ = a(buffer, c.Event) })
		assert.LessOrEqual(t, allocations, float64(maxAllocations), c.Name)
	}
}
