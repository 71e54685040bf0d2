package jsonbody_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"testing"
	"unicode/utf8"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/jsonbody"
)

// FuzzReader compares the Reader, Members and Canonical with encoding/json.
func FuzzReader(f *testing.F) {
	for _, body := range []string{
		``, `{}`, `null`, `[]`, "\ufeff{}", `{"a":1}`, `{"a":"b","c":[1,"]",{"d":"}"}],"e":{"f":{},"g":[]}}`,
		` { "a" : [ ] , "b" : { } } `, `{"user\u0049d":"a\\","b":"a\\\"","c":"\""}`, `{"a":1,"a":2}`, "{\"a\":\"\xff\"}",
		`{"a":"\ud83d\ude00\ud800"}`, `{"a":-1.50e+400,"b":true,"c":false,"d":null}`, `{"a":tru}`, `{"a":1}}`, `{"a`, `{"a":"\\`,
		`{"a":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}`,
		`{"a":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}`,
		`{"t":"2024-05-14 10:31:07+24:00","u":"/Date(-1-1)/","v":"0001-01-01T00:00:00"}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		before := bytes.Clone(body)
		r, err := jsonbody.NewReader(body)
		if want := acceptable(body); (err == nil) != want {
			t.Fatalf("NewReader: %v, encoding/json and depth say %t", err, want)
		}
		memberErr := jsonbody.Members(body, func(m *jsonbody.Member) bool {
			if m.Value != string(body[m.Start:m.End]) {
				t.Errorf("member %q at %d:%d", m.Name, m.Start, m.End)
			}
			return true
		})
		if err != nil {
			if memberErr == nil {
				t.Fatal("Members accepts more than NewReader")
			}
			if _, err := jsonbody.Unmarshal(body, new(document)); errors.Is(err, jsonbody.ErrNotObject) != errors.Is(memberErr, jsonbody.ErrNotObject) {
				t.Fatal("Unmarshal and Members do not agree on what an object is")
			}
			return
		}

		got := readObject(t, r, body)
		if len(r.Warnings()) != 0 {
			t.Fatalf("warnings: %v", r.Warnings())
		}
		readAllWrong(t, body)
		var d document
		warnings, err := jsonbody.Unmarshal(body, &d)
		if err != nil || len(warnings) > event.MaxWarnings {
			t.Fatalf("Unmarshal: %v, %d warnings", err, len(warnings))
		}
		if !bytes.Equal(before, body) {
			t.Fatal("the body was changed")
		}

		if memberErr != nil { // repeated names or broken UTF-8, which encoding/json treats in its own way
			return
		}
		want, _ := decodeAny(bytes.TrimPrefix(body, []byte("\ufeff")))
		if !reflect.DeepEqual(want, any(got)) { // cmp takes twice as long with each level
			t.Fatalf("read %v, encoding/json %v", got, want)
		}
	})
}

// acceptable reports what NewReader should accept, in another way than it does.
func acceptable(body []byte) bool {
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	if !json.Valid(body) {
		return false
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	first, depth := true, 0
	for {
		token, err := dec.Token()
		if err == io.EOF {
			return !first
		}
		delim, ok := token.(json.Delim)
		switch {
		case first && delim != '{':
			return false
		case ok && (delim == '{' || delim == '['):
			if depth++; depth > jsonbody.MaxDepth {
				return false
			}
		case ok:
			depth--
		}
		first = false
	}
}

func decodeAny(value []byte) (v any, err error) {
	dec := json.NewDecoder(bytes.NewReader(value))
	dec.UseNumber()
	return v, dec.Decode(&v)
}

func readObject(t *testing.T, r *jsonbody.Reader, body []byte) map[string]any {
	if !r.Object() {
		t.Fatal("not an object")
	}
	m := map[string]any{}
	for r.Next() {
		name := r.Name()
		if !utf8.ValidString(name) {
			t.Fatalf("name %q", name)
		}
		here := r.Here()
		kind := r.Kind()

		// Read the value in every way that fits, each time from the start.
		var kept map[string]json.RawMessage
		r.Keep(&kept)
		behind := r.Here()
		v, err := decodeAny(kept[name])
		if err != nil || len(kept) != 1 {
			t.Fatalf("%q: %v", kept, err)
		}
		m[name] = v
		if again := jsonbody.Canonical(kept[name]); !bytes.Equal(again, kept[name]) {
			t.Fatalf("Canonical is not idempotent: %q, %q", kept[name], again)
		}
		encoded, err := json.Marshal(kept[name])
		if err != nil {
			t.Fatal(err)
		}
		if again := jsonbody.Canonical(encoded); !bytes.Equal(again, kept[name]) {
			t.Fatalf("Canonical is not stable through encoding/json: %q, %q", kept[name], again)
		}
		for _, read := range []func(){
			r.Skip,
			func() {
				if raw := r.Raw(); kind == "null" && raw != nil || kind != "null" && !bytes.Equal(raw, kept[name]) {
					t.Fatalf("Raw %q, Keep %q", raw, kept[name])
				}
			},
			func() {
				text, start, end, ok := r.PeekString()
				if ok != (kind == "string") {
					t.Fatalf("PeekString of %s", kind)
				}
				switch kind {
				case "string":
					if s := r.String(); s != v || text != s || !utf8.ValidString(s) {
						t.Fatalf("String %q, PeekString %q, want %q", s, text, v)
					}
					if !json.Valid(body[start:end]) || r.Offset(here) != start {
						t.Fatalf("PeekString at %d:%d", start, end)
					}
				case "object":
					v := readObject(t, r, body)
					m[name] = v
				case "number":
					if s := r.Text(); json.Number(s) != v {
						t.Fatalf("Text %q, want %q", s, v)
					}
				case "boolean":
					if s := r.Text(); (s == "true") != (v == true) {
						t.Fatalf("Text %q, want %v", s, v)
					}
				case "null":
					if s := r.String(); s != "" {
						t.Fatalf("null is %q", s)
					}
				default:
					r.Skip()
				}
			},
		} {
			r.Back(here)
			read()
			if got := r.Here(); got != behind {
				t.Fatalf("behind the value at %d, not at %d", got, behind)
			}
		}
	}
	return m
}

// readAllWrong asks for all values as what they may not be.
func readAllWrong(t *testing.T, body []byte) {
	for _, read := range []func(*jsonbody.Reader){
		func(r *jsonbody.Reader) { _ = r.String() },
		func(r *jsonbody.Reader) { r.Text() },
		func(r *jsonbody.Reader) { r.Int() },
		func(r *jsonbody.Reader) {
			if at := r.Time(); !at.IsZero() {
				if _, err := json.Marshal([]any{at, at.UTC()}); err != nil {
					t.Error(err)
				}
			}
		},
	} {
		r, _ := jsonbody.NewReader(body)
		if r.Object() {
			for r.Next() {
				read(r)
			}
		}
		if len(r.Warnings()) > event.MaxWarnings {
			t.Fatal(len(r.Warnings()))
		}
		for _, w := range r.Warnings() {
			if len(w.Path) > 256 || !utf8.ValidString(w.Path) {
				t.Fatalf("path %q", w.Path)
			}
		}
	}
}
