package verifytest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/accesshook/accesshook/event"
)

// A value is a place in a body where a value stands.
type value struct {
	path       string
	start, end int
}

// values finds every value inside of a body's object, at any depth.
func values(body []byte) ([]value, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	var found []value
	var walk func(path string) error
	walk = func(path string) error {
		before := int(dec.InputOffset())
		token, err := dec.Token()
		if err != nil {
			return err
		}
		start := before + bytes.IndexFunc(body[before:], func(r rune) bool { return r != ' ' && r != '\t' && r != '\r' && r != '\n' && r != ':' && r != ',' })
		switch token {
		case json.Delim('{'):
			for dec.More() {
				name, err := dec.Token()
				if err != nil {
					return err
				}
				if err := walk(path + "/" + fmt.Sprint(name)); err != nil {
					return err
				}
			}
			_, err = dec.Token()
		case json.Delim('['):
			for i := 0; dec.More(); i++ {
				if err := walk(fmt.Sprintf("%s/%d", path, i)); err != nil {
					return err
				}
			}
			_, err = dec.Token()
		}
		if path != "" {
			found = append(found, value{path, start, int(dec.InputOffset())})
		}
		return err
	}
	err := walk("")
	return found, err
}

// telling are values of each JSON type that say something. They must not disappear.
var telling = []string{
	"12", "1.5", "true", `"` + canary + `"`, `["` + canary + `"]`, `{"a":{"b":[1,"` + canary + `",{"c":null}]}}`,
}

// odd are values that say nothing, and values that have broken decoders before.
var odd = []string{
	"null", `""`, "false", "0", "-1", "1e400", "123456789012345678901234567890", "{}", "[]", `[1,"two",{"three":3}]`,
	`"0001-01-01T00:00:00Z"`, `"9999-12-31T23:59:59-14:00"`, `"2024-02-30T00:00:00Z"`, `"/Date(1715675467000)/"`, `"/Date(99999999999999999)/"`,
	`"\ud800"`, `"\u0000<&>\u2028"`, "\"\xff\"",
}

// toleratesDrift puts other values in the place of each value of each payload. The
// event is not lost, and neither is what a value says: it is in the event, or there is a
// warning.
func toleratesDrift(v Vendor) error {
	b, err := v.bench(nil)
	if err != nil {
		return err
	}
	defer b.close()
	seen := make(map[string]bool) // payloads of one type share their fields
	for _, p := range v.payloads() {
		body := v.fill(p.body, v.Credentials[0])
		own, err := v.Decode(body)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		places, err := values(body)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		for _, place := range places {
			key := fmt.Sprintf("%T%s", own.Payload, place.path)
			if seen[key] || v.Header == "" && bytes.Contains(body[place.start:place.end], []byte(v.Credentials[0])) {
				continue // without the credential it is refused, as it should be
			}
			seen[key] = true
			if err := b.drift(payload{p.name, p.header, body}, place); err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
		}
	}
	return nil
}

// drift puts other values in one place of a body.
func (b *bench) drift(p payload, place value) error {
	timestamp := seconds(time.Now())
	with := func(other string) (e *event.Event, says string, err error) {
		changed := bytes.Join([][]byte{p.body[:place.start], []byte(other), p.body[place.end:]}, nil)
		r, err := b.requestAt(timestamp, payload{p.name, p.header, changed})
		if err != nil {
			return nil, "", err
		}
		if e, err = b.hook.Check(r, changed); err == nil {
			err = errors.Join(b.v.roundTrip(e), checkWarnings(e.Warnings))
		}
		if err != nil {
			return nil, "", fmt.Errorf("%s for %s: %w", other, place.path, err)
		}
		is, err := contentOf(e)
		return e, is.rest, err
	}
	_, right, err := with(string(p.body[place.start:place.end]))
	if err != nil {
		return err
	}
	_, nothing, err := with("null")
	if err != nil {
		return err
	}
	for _, other := range telling {
		if other[0] == '{' && p.body[place.start] == '{' {
			continue // new members and no value of another type
		}
		e, says, err := with(other)
		if err != nil {
			return err
		}
		if right != nothing && says == nothing && len(e.Warnings) == 0 {
			return fmt.Errorf("%s for %s is lost without a warning", other, place.path)
		}
	}
	for _, other := range odd {
		if _, _, err := with(other); err != nil {
			return err
		}
	}
	return nil
}

// checkWarnings checks that warnings say what was expected and what came, and nothing of
// the value. The path is empty if they are about the whole body.
func checkWarnings(warnings []event.Warning) error {
	for _, w := range warnings {
		if w.Want == "" || w.Got == "" {
			return fmt.Errorf("incomplete warning %+v", w)
		}
		if strings.Contains(w.Path+w.Want+w.Got, canary) {
			return errors.New("a warning shows the value that was sent")
		}
	}
	return nil
}

// toleratesNewMembers adds a member to each object of each payload.
func toleratesNewMembers(v Vendor) error {
	b, err := v.bench(nil)
	if err != nil {
		return err
	}
	defer b.close()
	for _, p := range v.payloads() {
		body := v.fill(p.body, v.Credentials[0])
		places, err := values(body)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		places = append(places, value{"", bytes.IndexByte(body, '{'), len(body)})
		for _, place := range places {
			if body[place.start] != '{' {
				continue
			}
			first, rest := body[:place.start+1], body[place.start+1:]
			comma := ","
			if bytes.HasPrefix(bytes.TrimLeft(rest, " \t\r\n"), []byte("}")) {
				comma = ""
			}
			changed := bytes.Join([][]byte{first, []byte(`"xNewMember":{"a":[1,null,"b"]}` + comma), rest}, nil)
			e, err := b.event(payload{p.name, p.header, changed})
			if err == nil && len(e.Warnings) > 0 {
				err = fmt.Errorf("warnings %v", e.Warnings)
			}
			if err == nil {
				err = v.roundTrip(e)
			}
			if err != nil {
				return fmt.Errorf("%s: a new member in %s: %w", p.name, cmp.Or(place.path, "/"), err)
			}
		}
	}
	return nil
}
