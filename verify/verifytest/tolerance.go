package verifytest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
)

// roundTrip checks that e is encoded, decoded back and encoded to the same.
func (v Vendor) roundTrip(e *event.Event) error {
	line, err := cloudevent.Encode(e)
	if err != nil {
		return err
	}
	if bytes.ContainsAny(line, "\r\n") {
		return fmt.Errorf("encoded on more than one line")
	}
	back, err := cloudevent.Decode(line, cloudevent.Payloads{e.Vendor: v.Decode})
	if err != nil {
		return err
	}
	again, err := cloudevent.Encode(back)
	if err != nil {
		return err
	}
	if !bytes.Equal(line, again) {
		return fmt.Errorf("encoded, decoded and encoded again it differs:\n%s\n%s", line, again)
	}
	return nil
}

func roundTrips(v Vendor) error {
	b, err := v.bench(nil)
	if err != nil {
		return err
	}
	defer b.close()
	bodies := map[string][]byte{"unknown": v.Unknown}
	for name, payload := range v.Payloads {
		bodies[name] = payload
	}
	for name, body := range bodies {
		a, err := b.expectBody(body, http.StatusOK)
		if err == nil {
			err = v.roundTrip(a.events[0])
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

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

// others are what a field may be replaced by: every JSON kind, and what has
// broken decoders before.
var others = []string{
	"null", `""`, "true", "false", "0", "-1", "12345", "1.5", "1e400", "123456789012345678901234567890",
	`"text"`, `"0001-01-01T00:00:00Z"`, `"9999-12-31T23:59:59-14:00"`, `"2024-02-30T00:00:00Z"`, `"/Date(1715675467000)/"`, `"/Date(99999999999999999)/"`,
	`"\ud800"`, `"\u0000<&>\u2028"`, "\"\xff\"", "{}", "[]", `{"a":{"b":[1,"\ud800",{"c":null}]}}`, `[1,"two",{"three":3}]`,
}

func toleratesDrift(v Vendor) error {
	b, err := v.bench(nil)
	if err != nil {
		return err
	}
	defer b.close()
	r, err := b.request(v.Credentials[0], v.any())
	if err != nil {
		return err
	}
	seen := make(map[string]bool) // payloads of one type share their fields
	for name, payload := range v.Payloads {
		body := v.fill(payload, v.Credentials[0])
		own, err := v.Decode(body)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		places, err := values(body)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for _, p := range places {
			if v.Header == "" && bytes.Contains(body[p.start:p.end], []byte(v.Credentials[0])) {
				continue // without the credential it is refused, as it should be
			}
			key := fmt.Sprintf("%T%s", own.Payload, p.path)
			if seen[key] {
				continue
			}
			seen[key] = true
			for _, other := range others {
				changed := bytes.Join([][]byte{body[:p.start], []byte(other), body[p.end:]}, nil)
				if v.Signed {
					if r, err = b.request(v.Credentials[0], changed); err != nil {
						return err
					}
				}
				e, err := b.hook.Check(r, changed)
				if err == nil {
					err = v.roundTrip(e)
				}
				if err != nil {
					return fmt.Errorf("%s: %s for %s: %w", name, other, p.path, err)
				}
				for _, w := range e.Warnings {
					if w.Path == "" || w.Want == "" || w.Got == "" {
						return fmt.Errorf("%s: %s for %s: incomplete warning %+v", name, other, p.path, w)
					}
				}
			}
		}
	}
	return nil
}

func toleratesNewMembers(v Vendor) error {
	b, err := v.bench(nil)
	if err != nil {
		return err
	}
	defer b.close()
	for name, payload := range v.Payloads {
		for i, c := range payload {
			if c != '{' || payload[i+1] == '{' { // not Placeholder
				continue
			}
			if i > 0 && payload[i-1] == '{' {
				continue
			}
			rest := payload[i+1:]
			comma := ","
			if t := bytes.TrimLeft(rest, " \t\r\n"); len(t) > 0 && t[0] == '}' {
				comma = ""
			}
			changed := bytes.Join([][]byte{payload[:i+1], []byte(`"xNewMember":{"a":[1,null,"b"]}` + comma), rest}, nil)
			a, err := b.expectBody(changed, http.StatusOK)
			if err == nil && len(a.events[0].Warnings) > 0 {
				err = fmt.Errorf("warnings %v", a.events[0].Warnings)
			}
			if err == nil {
				err = v.roundTrip(a.events[0])
			}
			if err != nil {
				return fmt.Errorf("%s: a new member at byte %d: %w", name, i, err)
			}
		}
	}
	return nil
}
